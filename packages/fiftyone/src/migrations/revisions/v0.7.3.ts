import { Doc } from '../../bson/index.js';
import { loss } from '../losses.js';
import type { Revision } from '../revision.js';
import { setDefault } from '../shape.js';

/** A dataset remembers its evaluations. Both directions may be repeated. */
export const v0_7_3: Revision = {
  version: '0.7.3',
  summary: 'a dataset remembers its evaluations',
  up: { edit: ({ dataset }) => setDefault(dataset, 'evaluations', new Doc()) },
  down: {
    loses({ dataset }) {
      const evaluations = dataset.get('evaluations');
      return loss('evaluation', evaluations instanceof Doc ? [...evaluations.keys()] : []);
    },
    edit({ dataset }) {
      dataset.delete('evaluations');
    },
  },
};
