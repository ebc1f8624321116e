import type { Connection } from '../database/connection.js';
import { datasetVersions, readDatabaseConfig } from '../database/database-config.js';
import { UsageError } from '../errors.js';
import type { MigrateOptions } from '../migrations/migrate-options.js';
import type { MigrationReport } from '../migrations/report.js';
import { compareBase, isVersion, missingVersion } from '../version.js';
import { agrees, canAsk } from './ask.js';

/** How many losses are shown before the question; `--dry-run` shows all. */
const SHOWN = 30;

/** The losses of a plan, a line each: `dataset: what`. */
export function lossesOf({ datasets }: MigrationReport): string[] {
  return datasets.flatMap(({ name, loses }) => loses.map((loss) => `${name}: ${loss}`));
}

/**
 * Before a downgrade that loses data: lists what is lost and asks for consent on a terminal.
 *
 * @param plan a dry run of what is going to be done
 * @returns whether to go on
 * @throws UsageError where nobody can be asked
 */
export async function confirmLosses(
  connection: Connection,
  options: MigrateOptions,
  plan: () => Promise<MigrationReport>,
): Promise<boolean> {
  if (!(await mayGoDown(connection, options.target))) return true;
  const losses = lossesOf(await plan());
  if (losses.length === 0) return true;
  const more = losses.length > SHOWN ? [`  … and ${losses.length - SHOWN} more: --dry-run shows all`] : [];
  const head =
    options.attic === false ? 'Going down loses:' : 'Going down takes out, and keeps in the attic for when you go up again:';
  const text = [head, ...losses.slice(0, SHOWN).map((loss) => `  ${loss}`), ...more].join('\n');
  if (!canAsk()) {
    throw new UsageError(`${text}\nnothing was touched`, { hint: 'to go on all the same, add --yes' });
  }
  process.stderr.write(`${text}\n`);
  return await agrees('Go on?');
}

/** Whether anything is newer than where it is to go: only then a plan is worth its time. */
async function mayGoDown(connection: Connection, target: string | undefined): Promise<boolean> {
  const { version } = await readDatabaseConfig(connection.db);
  const to = target ?? version;
  const versions = (await datasetVersions(connection.db)).map((from) => from ?? missingVersion);
  return versions.some((from) => typeof from === 'string' && isVersion(from) && compareBase(from, to) > 0);
}
