import { lostSchemas, setEmbeddedSchemas } from '../embedded-schemas.js';
import type { Revision } from '../revision.js';

/** The schema describes lists of labels too. */
export const v0_16_1: Revision = {
  version: '0.16.1',
  summary: 'the schema describes lists of labels too',
  up: {
    loses: ({ dataset }) => lostSchemas(dataset, 'labels and lists'),
    edit: ({ dataset }, context) => setEmbeddedSchemas(dataset, 'labels and lists', context.warn),
  },
  down: {},
};
