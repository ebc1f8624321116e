import type { BulkEdit, DatasetRecord, Revision } from '../revision.js';
import { datasetId } from '../shape.js';

/** The log of a delegated operation has a key of its own, apart from the link to its run. */
export const v1_4_0: Revision = {
  version: '1.4.0',
  summary: 'the log of a delegated operation has a key of its own, apart from the link to its run',
  up: { bulk: (record) => [renameLogs(record, 'run_link', 'log_path')] },
  down: { bulk: (record) => [renameLogs(record, 'log_path', 'run_link')] },
};

function renameLogs({ dataset }: DatasetRecord, from: string, to: string): BulkEdit {
  return {
    kind: 'update',
    summary: `rename ${from} to ${to} where it names a log`,
    collection: 'delegated_ops',
    filter: { dataset_id: datasetId(dataset), [from]: { $regex: '\\.log$' } },
    update: { $rename: { [from]: to } },
  };
}
