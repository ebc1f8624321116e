import { type Command, InvalidArgumentError, Option } from 'commander';

/** The commands `fiftyone media …`. @param exit is told the exit code of a command */
export function addMedia(program: Command, exit: (code: number) => void): void {
  const media = program
    .command('media')
    .description("move the media files of datasets to clouds, and change, check and take back the datasets' paths")
    .addHelpText(
      'after',
      `
Media fields are written as filepath, thumbnail_path, ground_truth (the masks of a label) or frames.objects.detections.mask_path.
Credentials come from the variables, files and profiles that the SDKs of the clouds and FiftyOne Enterprise read: AWS_…,
GOOGLE_APPLICATION_CREDENTIALS, AZURE_…, MINIO_….`,
    );

  media
    .command('upload')
    .description(
      'upload the media of a dataset; what is there already is not sent again, so the same command goes on after an interruption',
    )
    .argument('<name>', 'the dataset')
    .argument(
      '<remote-dir>',
      's3://bucket/folder, gs://bucket/folder, https://ACCOUNT.blob.core.windows.net/container/folder, or an alias',
    )
    .option(
      '-f, --media-field <field...>',
      'the fields whose files are uploaded; several get a folder each; FIELD=FOLDER names it',
      ['filepath'],
    )
    .option('--rel-dir <folder>', 'keep the paths of files relative to this folder; otherwise each keeps only its name')
    .option('--view <name>', 'upload only what this saved view shows')
    .option(
      '-u, --update-filepaths',
      'change the paths in the dataset to the uploaded files, as soon as they are there and verified',
    )
    .option('--overwrite', 'replace what is there with other content')
    .addOption(
      new Option(
        '--on-collision <how>',
        'when one file would replace another: send nothing, leave these files out, or give them other names',
      )
        .choices(['refuse', 'skip', 'rename'])
        .default('refuse'),
    )
    .addOption(new Option('--remote <how>', 'paths that are in a cloud already').choices(['leave', 'copy']).default('leave'))
    .option('--skip-failures', 'go on with the others when a file cannot be sent')
    .addOption(new Option('--cache <how>', 'put the files also into the cache of this machine').choices(['copy', 'move']))
    .option('--concurrency <n>', 'how many requests may be under way at once; default: finds out, up to 64', parseCount)
    .option('--bwlimit <rate>', 'how much may go per second, e.g. 800K, 20M', parseRate)
    .option('--manifest <file>', 'write what went where to this file, a line of JSON per file')
    .option('--dry-run', 'only say how many files and bytes would go, what is there already, and every collision')
    .option('--json', 'print the result as JSON')
    .action(async (name, dir, options) => exit(await (await import('./commands/media-upload.js')).uploadOne(name, dir, options)));

  media
    .command('status')
    .description('print where the media of a dataset are, and which runs have changed its paths')
    .argument('<name>')
    .option('--json', 'print it as JSON')
    .action(async (name, options) => exit(await (await import('./commands/media-status.js')).status(name, options)));

  media
    .command('verify')
    .description('look whether every file that a dataset names is there')
    .argument('<name>')
    .option('-f, --media-field <field...>', 'only these fields; default: all media fields')
    .option('--manifest <file>', 'compare sizes and checksums with those of this manifest of an upload')
    .option('--json', 'print the result as JSON')
    .action(async (name, options) => exit(await (await import('./commands/media-verify.js')).verify(name, options)));

  media
    .command('revert')
    .description('put back the paths that a run has changed, where nobody has changed them since; files in clouds stay')
    .argument('<name>')
    .argument('[run]', 'default: the last one; fiftyone media status NAME lists them')
    .option('--json', 'print the result as JSON')
    .action(async (name, run, options) => exit(await (await import('./commands/media-revert.js')).revert(name, run, options)));

  media
    .command('set-paths')
    .description('rewrite the media paths of a dataset whose files are in clouds already')
    .argument('<name>')
    .option('-f, --media-field <field...>', 'the fields whose paths are rewritten', ['filepath'])
    .option('--view <name>', 'only what this saved view shows')
    .option('--from <prefix>', 'what paths begin with now')
    .option('--to <prefix>', 'what they are to begin with')
    .option('--regex <pattern>', 'instead of --from: a regular expression of JavaScript')
    .option('--replace <text>', 'with --regex: what is put in the place of the match; $1 is its first group')
    .option('--allow-merging', 'let different paths become one')
    .option('--dry-run', 'only say how many paths would change, with examples')
    .option('--json', 'print the result as JSON')
    .action(async (name, options) => exit(await (await import('./commands/media-set-paths.js')).setPaths(name, options)));
}

function parseCount(text: string): number {
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('It must be a whole number above 0.');
  return Number(text);
}

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 1e3, M: 1e6, G: 1e9 };

/** Bytes per second. */
function parseRate(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*([KMG]?)(?:B(?:\/s)?)?$/i.exec(text) ?? [];
  const rate = Math.round(Number(number) * (UNITS[unit?.toUpperCase() ?? ''] as number));
  if (number === undefined || rate < 1) throw new InvalidArgumentError('It must be bytes per second, such as 800K or 20M.');
  return rate;
}
