import type { Doc, ReadonlyDoc } from '../../bson/index.js';
import { loss } from '../losses.js';
import { pythonText } from '../python-text.js';
import type { Revision } from '../revision.js';
import { docAt } from '../shape.js';

/** Evaluations and brain runs remember the version of FiftyOne that made them. */
export const v0_11_2: Revision = {
  version: '0.11.2',
  summary: 'evaluations and brain runs remember the version of FiftyOne that made them',
  up: {},
  down: {
    loses: ({ dataset }) => [
      ...loss('evaluation version', keysWithVersion(dataset, 'evaluations')),
      ...loss('brain run version', keysWithVersion(dataset, 'brain_methods')),
    ],
    edit({ dataset }, context) {
      const name = pythonText(dataset.get('name'));
      const forgetVersions = (field: string, text: (key: string) => string) => {
        for (const [key, run] of runs(dataset, field)) {
          const version = run.has('version') ? pythonText(run.get('version')) : '????';
          run.delete('version');
          context.warn(`You may not be able to use ${text(key)} v${version} on dataset '${name}' in older versions of FiftyOne`);
        }
      };
      forgetVersions('evaluations', (key) => `evaluation results with key '${key}' from`);
      // FiftyOne says "from" twice.
      forgetVersions('brain_methods', (key) => `brain results with key '${key}' from from`);
    },
  },
};

function runs(dataset: ReadonlyDoc, field: string): [string, Doc][] {
  if (!dataset.has(field)) return [];
  return [...docAt(dataset.get(field), field)].map(([key, run]) => [key, docAt(run, `${field}.${key}`)]);
}

function keysWithVersion(dataset: ReadonlyDoc, field: string): string[] {
  return runs(dataset, field)
    .filter(([, run]) => (run.get('version') ?? null) !== null)
    .map(([key]) => key);
}
