import { loss } from '../losses.js';
import { pythonText } from '../python-text.js';
import type { Revision } from '../revision.js';

/** A dataset has tags. */
export const v0_16_3: Revision = {
  version: '0.16.3',
  summary: 'a dataset has tags',
  up: {},
  down: {
    loses({ dataset }) {
      const tags = dataset.get('tags');
      return loss('dataset tag', Array.isArray(tags) ? tags.map(pythonText) : []);
    },
    edit: ({ dataset }) => void dataset.delete('tags'),
  },
};
