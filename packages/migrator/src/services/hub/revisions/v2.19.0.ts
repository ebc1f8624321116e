import { type AddedField, addField, removeField } from '../../../added-fields.js';
import { revisionOf } from '../../../revision-of-edits.js';

/** Nobody tells anything before somebody allows it. */
const TELEMETRY: AddedField = {
  collection: 'delegated_operation_settings',
  field: 'telemetry',
  value: { enabled: false, retention_days: null },
  loses: 'settings of telemetry',
};

/** Workers can tell how they do. */
export const v2_19_0 = revisionOf({
  version: '2.19.0',
  summary: 'delegated operations have settings of telemetry',
  up: [addField(TELEMETRY)],
  down: removeField(TELEMETRY),
});
