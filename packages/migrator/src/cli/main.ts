import { Command, Option } from 'commander';
import { ExitCode, runProgram, sdkVersion, UsageError } from 'fiftyone/cli-start';
import { addBackup } from './backup-program.js';
import { addServices } from './service-options.js';

const HELP = `
Services: datasets, enterprise, cas, hub; more in FIFTYONE_MIGRATOR_SERVICES (folders or npm packages, with commas between them).

Environment:
  CAS_DATABASE_URI, CAS_DATABASE_NAME            the database of CAS (the address also as CAS_MONGODB_URI or CAS_MONGO_DB_URI)
  FIFTYONE_DATABASE_URI, FIFTYONE_DATABASE_NAME  the database of FiftyOne, in which the other services are
  FIFTYONE_DATABASE_ADMIN                        must be true for whatever writes
  FIFTYONE_SCRATCH_DATABASE                      where --prove works; default: a database of a name of its own, which goes again
  FIFTYONE_BACKUP_DIR                            where backups go; default: fiftyone-backups in the working directory

Exit codes:
  ${ExitCode.done}   done, also when there was nothing to do
  ${ExitCode.failed}   failed, or findings
  ${ExitCode.usage}   wrong usage or settings; nothing was touched
  ${ExitCode.partly}   partly done: some services or datasets failed, see the end
  ${ExitCode.incompatible}  the version of a service and this migrator do not go together
  ${ExitCode.locked}  somebody else is at work on it
  ${ExitCode.stopped} stopped before it was done; the same command goes on from there`;

/** Runs the command line and returns its exit code. */
export async function main(args: readonly string[]): Promise<number> {
  return await runProgram(buildProgram, args);
}

/** The commands and their options; each option's help is what users read. @param exit is told the exit code of a command */
export function buildProgram(exit: (code: number) => void): Command {
  const program = new Command('fiftyone-migrator')
    .description('Moves every service of a FiftyOne Enterprise deployment to any release, up and down, without losing a byte')
    .version(sdkVersion, '-V, --version', 'print the newest release that this migrator knows')
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError('(--help shows all options)')
    .addHelpText('after', HELP);

  addWay(program.command('migrate').description('migrate services to a release, up or down; a backup is made first'))
    .option('--dry-run', 'say what would be done, like the command plan; writes nothing')
    .option('-y, --yes', 'do not ask before something that loses data')
    .addOption(
      new Option('--on-failure <how>', 'when a service fails: stop and leave what is done, or take back all of it')
        .choices(['stop', 'revert'])
        .default('stop'),
    )
    .addOption(
      new Option('--backup <what>', 'what is backed up first: all that the plan will touch, or the whole databases')
        .choices(['touched', 'all'])
        .default('touched'),
    )
    .option('--no-backup', 'make no backup first')
    .option('--backup-dir <folder>', 'where backups go; default: fiftyone-backups in the working directory')
    .option('--prove', 'first go there and back again on a copy in a scratch database, and compare')
    .addOption(
      new Option('--sample <n>', 'with --prove: copy at most so many documents of each collection').argParser(parseCount),
    )
    .option('--no-space-check', 'go on although the disks may not have the room that is needed')
    .action(async (version, flags) => exit(await (await import('./commands/migrate.js')).migrate(version, flags)));

  addWay(program.command('plan').description('say what a migration would do, lose and take; writes nothing')).action(
    async (version, flags) => exit(await (await import('./commands/plan.js')).plan(version, flags)),
  );

  addServices(program.command('status').description('print which release every service is at; writes nothing')).action(
    async (flags) => exit(await (await import('./commands/status.js')).status(flags)),
  );

  program
    .command('releases')
    .description('print the releases to which services can be migrated')
    .option('--json', 'print them as JSON')
    .action(async (flags) => exit(await (await import('./commands/releases.js')).releases(flags)));

  addServices(
    program
      .command('history')
      .description('print what was migrated, by whom and when')
      .argument('[run]', 'the beginning of the id of a run, to print what it did'),
  ).action(async (run, flags) => exit(await (await import('./commands/history.js')).history(run, flags)));

  addServices(
    program
      .command('verify')
      .description('look whether anything is pending, unfinished or wrong; writes nothing, exit code 1 if there is'),
  ).action(async (flags) => exit(await (await import('./commands/verify.js')).verify(flags)));

  addServices(
    program.command('unlock').description('show who is at work on the databases, and ask whether to end their leases'),
    false,
  )
    .option('-y, --yes', 'do not ask')
    .action(async (flags) => exit(await (await import('./commands/unlock.js')).unlock(flags)));

  addBackup(program, exit);

  addServices(
    program
      .command('doctor')
      .description('look at all that a migration depends on: connections, rights, servers, disks, clients; writes nothing')
      .argument('[version]', 'the release that is next, to say which clients it locks out; default: the newest'),
  )
    .option('--backup-dir <folder>', 'where the backups are; default: fiftyone-backups in the working directory')
    .action(async (version, flags) => exit(await (await import('./commands/doctor.js')).doctor(version, flags)));
  return program;
}

function addWay(command: Command): Command {
  return addServices(command.argument('[version]', 'the Enterprise release to go to, e.g. 2.15.0; default: the newest'))
    .option('--verbose', 'name every revision that runs; of a plan show all that changes')
    .option(
      '--keep-unknown',
      'going down, leave in datasets what the older release does not know (the older client may then be unable to open them)',
    )
    .option('--no-attic', 'going down, keep nothing of what is taken out; going up, put nothing back')
    .addOption(
      new Option('--concurrency <n>', 'how many commands edit samples and frames at once').argParser(parseCount).default(4),
    );
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`a number such as 4 is needed, not '${text}'`);
  return Number(text);
}
