import { Command, Option } from 'commander';
import { ExitCode, UsageError } from '../errors.js';
import { sdkVersion } from '../version.js';
import { addDatasets } from './datasets-program.js';
import { addMedia } from './media-program.js';
import { runProgram } from './run-program.js';

const EXIT_CODES = `
Exit codes:
  ${ExitCode.done}   done, also when there was nothing to do
  ${ExitCode.failed}   failed
  ${ExitCode.usage}   wrong usage or settings; nothing was touched
  ${ExitCode.partly}   partly done: some datasets failed or are not as they should be, see the list at the end
  ${ExitCode.incompatible}  the version of the database and this client do not go together
  ${ExitCode.locked}  somebody else is at work on it
  ${ExitCode.stopped} stopped before it was done, by a signal or by --cancel; the same command goes on from there`;

/** Runs the command line and returns its exit code. */
export async function main(args: readonly string[]): Promise<number> {
  return await runProgram(buildProgram, args);
}

/** The commands and their options; each option's help is what users read. @param exit is told the exit code of a command */
export function buildProgram(exit: (code: number) => void): Command {
  const program = new Command('fiftyone')
    .description('Moves FiftyOne databases between versions, and datasets between databases, without losing a byte')
    .version(sdkVersion, '-V, --version', 'print the version of this SDK')
    .enablePositionalOptions()
    .exitOverride()
    .showHelpAfterError('(--help shows all options)')
    .addHelpText('after', EXIT_CODES);

  program
    .command('migrate')
    .description('show, upgrade or downgrade the version of the database and of its datasets')
    .option('-i, --info', 'print the versions of the client, the database and the datasets; writes nothing')
    .option('-a, --all', 'migrate the database and all datasets')
    .option(
      '-v, --version <version>',
      "the version to go to: an open source version, or e.g. enterprise:2.15.0; default: this client's for the database, the database's for datasets",
    )
    .option('-n, --dataset-name <name...>', 'migrate only these datasets')
    .option(
      '--error-level <level>',
      'when a dataset fails: 0 stop, 1 report it and go on, 2 go on silently; the exit code tells in any case',
      parseLevel,
      1,
    )
    .option('--verbose', 'name every revision that runs; with --dry-run show all that changes')
    .option(
      '--dry-run',
      'say what would be done, with examples, what would be lost, what is in the way and what it takes; writes nothing',
    )
    .option(
      '--keep-unknown',
      'going down, leave in what the older release does not know (as the original does; the older client may then be unable to open it)',
    )
    .option('-y, --yes', 'do not ask before a step that loses data')
    .addOption(
      new Option('--concurrency <n>', 'how many commands edit samples and frames at once').argParser(parseConcurrency).default(4),
    )
    .option('--history [run]', 'print what was migrated, by whom and when; with the beginning of a run its datasets')
    .option(
      '--verify',
      'look whether anything is pending, unfinished or wrong in these or all datasets; writes nothing, exit code 1 if there is',
    )
    .addOption(
      new Option(
        '--attic [action]',
        'what downgrades have taken out and keep: list it (default), export it as JSON lines, or clear it for ever; -n for some datasets only',
      ).choices(['list', 'export', 'clear']),
    )
    .option('--no-attic', 'going down, keep nothing of what is taken out (as the original does); going up, put nothing back')
    .option('--unlock', 'show who is at work on this database, and ask whether to end their leases')
    .option('--pause', 'let all runs on this database pause, from another terminal; they keep their leases')
    .option('--resume', 'let the runs that pause go on')
    .option('--cancel', 'end all runs on this database after the part that is under way')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', EXIT_CODES)
    .action(async (options) => {
      const { migrate } = await import('./commands/migrate.js');
      exit(await migrate(options));
    });

  program
    .command('versions')
    .description('which open source version belongs to which Teams or Enterprise version')
    .argument('[version]', 'e.g. 0.6.7, enterprise:2.15.0, sdk:0.14.4, deployment:1.4.4, open-source:0.18.0')
    .option('--json', 'print the result as JSON')
    .action(async (version: string | undefined, { json }: { json?: boolean }) => {
      const { printVersions } = await import('./commands/versions.js');
      process.stdout.write(`${printVersions(version, json === true)}\n`);
    });

  addDatasets(program, exit);
  addMedia(program, exit);
  return program;
}

function parseLevel(text: string): number {
  if (!/^-?\d+$/.test(text))
    throw new UsageError(`--error-level must be an integer, not '${text}'`, { hint: '0 stop, 1 report, 2 silent' });
  return Number(text);
}

function parseConcurrency(text: string): number {
  if (!/^[1-9]\d{0,3}$/.test(text)) throw new UsageError(`--concurrency must be a positive integer, not '${text}'`);
  return Number(text);
}
