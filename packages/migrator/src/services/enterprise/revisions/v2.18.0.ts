import { type Owners, ownersDown, ownersUp } from '../../../owners.js';
import { revisionOf } from '../../../revision-of-edits.js';

const OWNERS: readonly Owners[] = [
  {
    collection: 'dataset_permissions',
    noun: 'dataset permissions',
    principal: 'principal',
    before: { user: 'user_id', group: 'group_id' },
    // without a user and a group it would be the default access of all members
    withheld: ['dataset_id', 'permission'],
  },
  { collection: 'snapshots', noun: 'snapshots', principal: 'creator', before: { user: 'created_by' }, withheld: [] },
];

/** Service accounts can be granted access to datasets, and make snapshots. */
export const v2_18_0 = revisionOf({
  version: '2.18.0',
  summary: 'service accounts can be granted access to datasets and make snapshots',
  up: OWNERS.flatMap(ownersUp),
  down: OWNERS.flatMap(ownersDown),
});
