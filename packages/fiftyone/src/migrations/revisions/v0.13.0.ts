import { Doc, type ReadonlyDoc } from '../../bson/index.js';
import { loss } from '../losses.js';
import { pythonText } from '../python-text.js';
import type { Revision } from '../revision.js';
import { docAt, setDefault } from '../shape.js';

const DEFAULTS = [
  ['model', null],
  ['metric', 'euclidean'],
] as const;

/** Annotation runs are kept; similarity runs have a model and a metric. */
export const v0_13_0: Revision = {
  version: '0.13.0',
  summary: 'annotation runs are kept, similarity runs say their model and metric',
  up: {
    loses: ({ dataset }) => chosenSettings(dataset),
    edit({ dataset }) {
      setDefault(dataset, 'annotation_runs', new Doc());
      for (const [, config] of similarityConfigs(dataset)) {
        for (const [setting, value] of DEFAULTS) config.set(setting, value);
      }
    },
  },
  down: {
    loses({ dataset }) {
      const annotations = dataset.get('annotation_runs');
      return [...loss('annotation run', annotations instanceof Doc ? [...annotations.keys()] : []), ...chosenSettings(dataset)];
    },
    edit({ dataset }) {
      dataset.delete('annotation_runs');
      for (const [, config] of similarityConfigs(dataset)) {
        for (const [setting] of DEFAULTS) config.delete(setting);
      }
    },
  },
};

function similarityConfigs(dataset: ReadonlyDoc): [string, Doc][] {
  if (!dataset.has('brain_methods')) return [];
  return [...docAt(dataset.get('brain_methods'), 'brain_methods')].flatMap(([key, value]): [string, Doc][] => {
    const run = docAt(value, `brain_methods.${key}`);
    if (!run.has('config')) return [];
    const config = docAt(run.get('config'), `brain_methods.${key}.config`);
    return config.get('cls') === 'fiftyone.brain.similarity.SimilarityConfig' ? [[key, config]] : [];
  });
}

/** Models and metrics other than those that going up sets. */
function chosenSettings(dataset: ReadonlyDoc): string[] {
  return DEFAULTS.flatMap(([setting, value]) => {
    const runs = similarityConfigs(dataset).filter(([, config]) => (config.get(setting) ?? value) !== value);
    return loss(
      `similarity ${setting}`,
      runs.map(([key, config]) => `${pythonText(config.get(setting))} of brain run ${key}`),
    );
  });
}
