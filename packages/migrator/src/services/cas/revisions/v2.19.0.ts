import { revisionOf } from '../../../revision-of-edits.js';

const COUNTS = ['labelers', 'serviceAccounts'];

/** The counts of a day tell labelers and service accounts apart. */
export const v2_19_0 = revisionOf({
  version: '2.19.0',
  summary: 'labelers and service accounts are counted',
  up: COUNTS.map((field) => ({
    kind: 'update',
    summary: `nobody counted ${field} on days before`,
    collection: 'usage',
    filter: { [field]: { $exists: false } },
    update: [{ $set: { [field]: null } }],
  })),
  down: COUNTS.map((field) => ({
    kind: 'update',
    summary: `days have no count of ${field}`,
    collection: 'usage',
    filter: { [field]: { $exists: true } },
    update: [{ $unset: [field] }],
    loses: `counts of ${field}`,
  })),
});
