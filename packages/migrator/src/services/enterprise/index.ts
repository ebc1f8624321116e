import { collectionService } from '../../collection-service.js';
import { collections, firstIndexes } from './collections.js';
import { revisions } from './revisions/index.js';

/** The Enterprise features of datasets: who may do what with them, snapshots, and credentials of clouds. */
export const enterprise = collectionService({
  name: 'enterprise',
  database: 'fiftyone',
  collections,
  indexes: firstIndexes,
  revisions,
});
