import { type AddedField, addField, removeField } from '../../../added-fields.js';
import { revisionOf } from '../../../revision-of-edits.js';

const collection = 'delegated_operation_settings';

const FIELDS: readonly AddedField[] = [
  { collection, field: 'multimodal', value: false, loses: 'whether there is multimodal data' },
  { collection, field: 'projection_delegation_target', value: null, loses: 'where projections of multimodal data are made' },
];

/** There is multimodal data, and operations that project it. */
export const v2_22_0 = revisionOf({
  version: '2.22.0',
  summary: 'delegated operations have settings of multimodal data',
  up: FIELDS.map(addField),
  down: FIELDS.flatMap(removeField),
});
