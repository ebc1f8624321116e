import { type Command, InvalidArgumentError, Option } from 'commander';

/** The commands `fiftyone datasets …`. @param exit is told the exit code of a command */
export function addDatasets(program: Command, exit: (code: number) => void): void {
  const datasets = program
    .command('datasets')
    .description('list, export, import, check and delete datasets')
    .addHelpText('after', '\nDatasets are called by their names; quote those with blanks.');

  datasets
    .command('list')
    .description('print the names of the datasets')
    .argument('[pattern]', 'only names that match, e.g. "quick*"')
    .option('--tags <tag...>', 'only datasets with one of these tags')
    .option('--json', 'print more about each of them, as JSON')
    .action(async (pattern, options) => exit(await (await import('./commands/datasets-list.js')).list(pattern, options)));

  datasets
    .command('info')
    .description('print what a dataset holds: how many samples, its fields, tags, views and runs; loading upgrades it if needed')
    .argument('<name>')
    .option('--json', 'print it as JSON')
    .action(async (name, options) => exit(await (await import('./commands/datasets-info.js')).info(name, options)));

  datasets
    .command('export')
    .description('write a dataset to a folder, or to an archive (.zip, .tar, .tar.gz), in the format FiftyOneDataset')
    .argument('<name>')
    .argument('<folder>', 'the folder or archive to write')
    .addOption(
      new Option('--export-media <how>', 'what to do with the media files; false leaves them where they are')
        .choices(['true', 'false', 'move', 'symlink'])
        .default('true'),
    )
    .option(
      '--rel-dir <folder>',
      'keep the paths of media files relative to this folder, also s3://bucket/folder; without media, strip it from them',
    )
    .option('--view <name>', 'export what this saved view shows instead of the whole dataset')
    .option('--chunk-size <n>', 'put at most so many media files into one folder', parseCount)
    .option('--use-dirs', 'write a file per sample and frame')
    .option('--no-ordered', 'with --use-dirs: name those files without their position')
    .option('--no-saved-views', 'leave saved views out')
    .option('--no-workspaces', 'leave workspaces out')
    .option('--no-runs', 'leave annotation runs, brain runs, evaluations and custom runs out')
    .option('--overwrite', 'replace what is in the folder, once the new export is complete')
    .option('--skip-missing', 'leave out media files that are missing, instead of ending before anything is written')
    .option('--json', 'print the result as JSON')
    .action(async (name, folder, options) =>
      exit(await (await import('./commands/datasets-export.js')).exportOne(name, folder, options)),
    );

  datasets
    .command('import')
    .description('read a dataset from a folder or an archive in the format FiftyOneDataset; it appears when it is complete')
    .argument('<folder>', 'the folder or archive to read')
    .option('--name <name>', 'the name of the dataset; default: the name that it was exported under')
    .option('--persistent', 'keep the dataset when the last client has left; without this it goes then')
    .option('--overwrite', 'replace the dataset that has this name')
    .option('--into <name>', 'add the samples to this dataset, which exists already')
    .option('--tags <tag...>', 'add these tags to every sample')
    .option(
      '--rel-dir <folder>',
      'where relative paths of media files start, also s3://bucket/folder; default: the folder of the export',
    )
    .option('--cleanup', 'remove the archive when its dataset is imported')
    .option('--max-samples <n>', 'import so many samples at most; then no views, workspaces and runs', parseCount)
    .option('--no-saved-views', 'leave saved views out')
    .option('--no-workspaces', 'leave workspaces out')
    .option('--no-runs', 'leave annotation runs, brain runs, evaluations and custom runs out')
    .option('--json', 'print the result as JSON')
    .action(async (folder, options) => exit(await (await import('./commands/datasets-import.js')).importOne(folder, options)));

  datasets
    .command('validate')
    .description('say whether an export is complete and readable, with every problem; needs no database')
    .argument('<folder>', 'the folder or archive to check')
    .option(
      '--rel-dir <folder>',
      'where relative paths of media files start, also s3://bucket/folder; default: the folder of the export',
    )
    .option('--json', 'print the problems as JSON')
    .action(async (folder, options) => exit(await (await import('./commands/datasets-validate.js')).validate(folder, options)));

  datasets
    .command('delete')
    .description('delete datasets with all their samples, views and runs; media files stay')
    .argument('<name...>')
    .option('-y, --yes', 'do not ask')
    .action(async (names, options) => exit(await (await import('./commands/datasets-delete.js')).deleteAll(names, options)));

  datasets
    .command('values')
    .description('print the values of a field, a line of JSON per sample')
    .argument('<name>')
    .argument('<path>', 'e.g. filepath, ground_truth.detections.label, frames.objects.detections[].label')
    .option('--unwind', 'flatten lists: a line per value')
    .action(async (name, path, options) =>
      exit(await (await import('./commands/datasets-values.js')).print(name, path, options)),
    );
}

function parseCount(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}
