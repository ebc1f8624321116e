import type { BulkEdit } from 'fiftyone/engine';
import { revisionOf } from '../../../revision-of-edits.js';
import { ROLES } from '../collections.js';

/** Where roles are kept that older releases read as well. */
const PLACES = [
  { collection: 'memberships', field: 'role', who: 'members' },
  { collection: 'invitations', field: 'inviteeRole', who: 'invitations' },
];

/** There are labelers, who may tag and label; accounts say when they were last updated. */
export const v2_17_0 = revisionOf({
  version: '2.17.0',
  summary: 'people can be labelers, and accounts say when they were last updated',
  up: [
    {
      kind: 'update',
      summary: 'accounts were last updated when they were made, as far as is known',
      collection: 'accounts',
      filter: { lastUpdatedAt: { $exists: false } },
      update: [{ $set: { lastUpdatedAt: { $ifNull: ['$createdAt', null] } } }],
    },
  ],
  down: [
    // the nearest older role that may do more, COLLABORATOR, would let people edit who may only label
    ...PLACES.map(
      ({ collection, field, who }): BulkEdit => ({
        kind: 'update',
        summary: `${who} with the role LABELER become GUEST, who may only view`,
        collection,
        filter: { [field]: 'LABELER' },
        update: [{ $set: { [field]: 'GUEST' } }],
        loses: `the role LABELER: ${who} with it become GUEST, who may only view`,
        refuses: [{ collection, filter: { [field]: { $nin: [...ROLES] } }, problem: `${field} is no role that is known` }],
      }),
    ),
    {
      kind: 'update',
      summary: 'accounts do not say when they were last updated',
      collection: 'accounts',
      filter: { lastUpdatedAt: { $exists: true } },
      update: [{ $unset: ['lastUpdatedAt'] }],
      loses: 'when accounts were last updated',
    },
  ],
});
