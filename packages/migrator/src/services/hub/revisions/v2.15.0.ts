import { type AddedField, addField, removeField } from '../../../added-fields.js';
import { revisionOf } from '../../../revision-of-edits.js';

const FIELDS: readonly AddedField[] = [
  { collection: 'run_links', field: 'archived', value: false, loses: 'which runs are archived: older releases show them again' },
  { collection: 'run_links', field: 'rerun_of', value: null, loses: 'which runs repeat others' },
];

/** Runs can be archived, and repeated. */
export const v2_15_0 = revisionOf({
  version: '2.15.0',
  summary: 'runs can be archived and repeated',
  up: FIELDS.map(addField),
  down: FIELDS.flatMap(removeField),
});
