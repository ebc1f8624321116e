import type { Connection } from '../../database/connection.js';
import { openDatabase } from '../../datasets/open.js';
import { readSettings } from '../../settings.js';

/**
 * Opens the database for one command on its datasets.
 *
 * @returns the exit code of the command
 */
export async function withDatabase(run: (connection: Connection) => Promise<number>): Promise<number> {
  const connection = await openDatabase(readSettings(), (line) => process.stderr.write(`${line}\n`));
  try {
    return await run(connection);
  } finally {
    await connection.close();
  }
}
