import { Doc, type ReadonlyDoc, type Value } from '../../bson/index.js';
import { loss } from '../losses.js';
import type { Revision } from '../revision.js';
import { docAt, isFilled, setDefault } from '../shape.js';

/** A dataset knows classes and mask targets, runs keep their results. Both directions may be repeated. */
export const v0_8_0: Revision = {
  version: '0.8.0',
  summary: 'a dataset knows its classes and mask targets, and runs keep their results',
  up: {
    edit({ dataset }) {
      setDefault(dataset, 'classes', new Doc());
      setDefault(dataset, 'default_classes', []);
      setDefault(dataset, 'mask_targets', new Doc());
      setDefault(dataset, 'default_mask_targets', new Doc());
      for (const [, run] of runs(dataset)) setDefault(run, 'results', null);
    },
  },
  down: {
    loses({ dataset }) {
      const withResults = runs(dataset).filter(([, run]) => isFilled(run.get('results')));
      return [
        ...fieldNames(dataset.get('classes')).map((name) => `classes of field ${name}`),
        ...(isFilled(dataset.get('default_classes')) ? ['the default classes'] : []),
        ...fieldNames(dataset.get('mask_targets')).map((name) => `mask targets of field ${name}`),
        ...(isFilled(dataset.get('default_mask_targets')) ? ['the default mask targets'] : []),
        ...loss(
          'result',
          withResults.map(([where]) => where),
        ),
      ];
    },
    edit({ dataset }) {
      for (const key of ['classes', 'default_classes', 'mask_targets', 'default_mask_targets']) dataset.delete(key);
      for (const [, run] of runs(dataset)) run.delete('results');
    },
  },
};

function runs(dataset: ReadonlyDoc): [string, Doc][] {
  return ['evaluations', 'brain_methods'].flatMap((map): [string, Doc][] => {
    if (!dataset.has(map)) return [];
    return [...docAt(dataset.get(map), map)].map(([key, run]) => [`${map}.${key}`, docAt(run, `${map}.${key}`)]);
  });
}

function fieldNames(value: Value | undefined): string[] {
  return value instanceof Doc ? [...value.keys()] : [];
}
