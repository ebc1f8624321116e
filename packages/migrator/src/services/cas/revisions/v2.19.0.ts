import { type AddedField, addField, removeField } from '../../../added-fields.js';
import { revisionOf } from '../../../revision-of-edits.js';

/** Nobody counted them on the days before. */
const COUNTS: readonly AddedField[] = [
  { collection: 'usage', field: 'labelers', value: null, loses: 'counts of labelers' },
  { collection: 'usage', field: 'serviceAccounts', value: null, loses: 'counts of service accounts' },
];

/** The counts of a day tell labelers and service accounts apart. */
export const v2_19_0 = revisionOf({
  version: '2.19.0',
  summary: 'labelers and service accounts are counted',
  up: COUNTS.map(addField),
  down: COUNTS.flatMap(removeField),
});
