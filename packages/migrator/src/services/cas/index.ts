import { collectionService } from '../../collection-service.js';
import { collections, firstIndexes } from './collections.js';
import { revisions } from './revisions/index.js';

/** The Central Authentication Service, in a database of its own. */
export const cas = collectionService({ name: 'cas', database: 'cas', collections, indexes: firstIndexes, revisions });
