import { authorized, type Connection } from '../database/connection.js';
import { type Holder, leaseStore } from '../database/lease-store.js';
import { thisProcess } from '../database/leases.js';
import { AdminRequiredError, ExitCode } from '../errors.js';
import { ask, letGoOn } from '../migrations/control.js';
import type { MigrateFlags } from './migrate-flags.js';

/** `fiftyone migrate --pause`, `--resume` and `--cancel`: what the runs of others are asked to do. */
export async function controlRuns(connection: Connection, flags: MigrateFlags): Promise<number> {
  const { db, settings } = connection;
  if (!settings.databaseAdmin) {
    throw new AdminRequiredError('only an admin may pause, resume or cancel migrations', {
      hint: 'export FIFTYONE_DATABASE_ADMIN=true',
    });
  }
  const runs = new Map((await leaseStore(db).list()).map(({ holder }) => [holder.run, holder]));
  if (flags.resume) {
    const count = (await authorized(connection, () => letGoOn(db, [...runs.values()]))).length;
    print(count === 0 ? 'No run pauses' : `${count} run${count === 1 ? ' goes' : 's go'} on`);
    return ExitCode.done;
  }
  if (runs.size === 0) {
    print('Nobody is at work on this database');
    return ExitCode.done;
  }
  const { user, host, pid } = thisProcess();
  const wish = flags.cancel ? 'cancel' : 'pause';
  await authorized(connection, () => ask(db, [...runs.values()], wish, `${user} on ${host} (process ${pid})`));
  print([...runs.values()].map((holder) => lineOf(holder, flags.cancel === true)).join('\n'));
  if (!flags.cancel) print('They keep their leases; let them go on with: fiftyone migrate --resume');
  return ExitCode.done;
}

function lineOf({ user, host, pid }: Holder, cancel: boolean): string {
  return `Asked ${user} on ${host}, process ${pid}, to ${cancel ? 'end' : 'pause'}`;
}

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}
