import type { Connection } from '../database/connection.js';
import { ExitCode } from '../errors.js';
import { gateConnection } from '../migrations/gate.js';
import { readInfo } from '../migrations/info.js';
import { infoText } from './info-text.js';
import type { MigrateFlags } from './migrate-flags.js';

/** `fiftyone migrate --info`: an admin may look at any database, others only at one that this client can work with. */
export async function showInfo(connection: Connection, { datasetName, json }: MigrateFlags): Promise<number> {
  const { settings, address } = connection;
  const info = await readInfo(connection);
  if (!settings.databaseAdmin && !settings.disableMigrations) gateConnection(info.version, address);
  if (info.nameless > 0) process.stderr.write(`note: documents without a name in collection datasets: ${info.nameless}\n`);
  process.stdout.write(`${infoText(info, settings.edition, datasetName, json === true)}\n`);
  return ExitCode.done;
}
