import { openConnection } from '../../database/connection.js';
import { UsageError } from '../../errors.js';
import { openSourceVersionFor } from '../../releases.js';
import { readSettings } from '../../settings.js';
import { parseVersion } from '../../version.js';
import type { MigrateFlags } from '../migrate-flags.js';

/** `fiftyone migrate`. @returns the exit code */
export async function migrate(flags: MigrateFlags): Promise<number> {
  const target = flags.version === undefined ? undefined : targetOf(flags.version);
  const verb = verbOf(flags);
  const settings = readSettings();
  const connection = await openConnection(settings, (line) => process.stderr.write(`${line}\n`));
  try {
    if (settings.edition === 'open-source' && !flags.dryRun && (verb === undefined || verb === '--info')) {
      // the open source edition upgrades the database whenever it connects
      const { admit } = await import('../../datasets/open.js');
      await admit(connection);
    }
    // looking needs nothing of the engine, and is to be quick
    if (flags.info) return await (await import('../migrate-info.js')).showInfo(connection, flags);
    if (flags.history)
      return await (await import('../migrate-history.js')).showHistory(connection, flags.history, flags.json === true);
    if (flags.verify)
      return await (await import('../migrate-verify.js')).showVerify(connection, flags.datasetName, flags.json === true);
    if (flags.unlock) return await (await import('../migrate-unlock.js')).unlock(connection, flags.yes === true);
    if (flags.pause || flags.resume || flags.cancel)
      return await (await import('../migrate-control.js')).controlRuns(connection, flags);
    if (flags.attic) return await (await import('../migrate-attic.js')).showAttic(connection, flags.attic, flags);
    return await (await import('../migrate-run.js')).runMigration(connection, flags, target);
  } finally {
    await connection.close();
  }
}

/** What is asked for besides migrating. @throws UsageError when it is more than one thing, or cannot be a dry run */
function verbOf(flags: MigrateFlags): string | undefined {
  const { info, history, verify, unlock, pause, resume, cancel, attic } = flags;
  const asked = Object.entries({
    info,
    history,
    verify,
    unlock,
    pause,
    resume,
    cancel,
    attic: attic === true || typeof attic === 'string',
  });
  const verbs = asked.filter(([, value]) => value !== undefined && value !== false).map(([name]) => `--${name}`);
  const [verb, other] = verbs;
  if (other !== undefined) throw new UsageError(`${verb} and ${other} do not go together`, { hint: 'ask for one at a time' });
  if (verb !== undefined && verb !== '--info' && flags.dryRun)
    throw new UsageError(`${verb} and --dry-run do not go together`, { hint: '--dry-run is for migrations' });
  return verb;
}

function targetOf(text: string): string {
  const target = text.includes(':') ? openSourceVersionFor(text) : text;
  return parseVersion(target).text;
}
