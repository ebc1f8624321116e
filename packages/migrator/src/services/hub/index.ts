import { collectionService } from '../../collection-service.js';
import { collections, firstIndexes } from './collections.js';
import { revisions } from './revisions/index.js';

/** The Enterprise API: what it runs, where, and with which secrets. */
export const hub = collectionService({ name: 'hub', database: 'fiftyone', collections, indexes: firstIndexes, revisions });
