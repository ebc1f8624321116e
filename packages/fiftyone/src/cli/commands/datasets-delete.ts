import { deleteDataset } from '../../datasets/delete.js';
import { datasetExists } from '../../datasets/load.js';
import { DatasetNotFoundError, ExitCode, UsageError } from '../../errors.js';
import { agrees, canAsk } from '../ask.js';
import { withDatabase } from './datasets.js';

/** `fiftyone datasets delete NAME...`. @returns the exit code */
export function deleteAll(names: readonly string[], { yes }: { yes?: boolean }): Promise<number> {
  return withDatabase(async (connection) => {
    for (const name of names) if (!(await datasetExists(connection, name))) throw new DatasetNotFoundError(name);
    if (!yes && !(await mayDelete(names))) return ExitCode.done;
    for (const name of names) {
      await deleteDataset(connection, name);
      process.stdout.write(`Deleted '${name}'\n`);
    }
    return ExitCode.done;
  });
}

async function mayDelete(names: readonly string[]): Promise<boolean> {
  if (!canAsk())
    throw new UsageError('nobody can be asked here; nothing was deleted', { hint: 'to delete all the same, add --yes' });
  return await agrees(`Delete ${names.map((name) => `'${name}'`).join(', ')} with all samples, views and runs?`);
}
