import type { DatabaseRevision } from '../../database-revision.js';

/** The database says what it is. Every save of its version writes that again, so there is nothing to do in either direction. */
export const admin_v0_15_1: DatabaseRevision = {
  version: '0.15.1',
  summary: 'the database says that it is one of FiftyOne',
};
