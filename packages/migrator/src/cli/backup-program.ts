import { type Command, InvalidArgumentError, Option } from 'commander';
import { addServices } from './service-options.js';

/** The commands `fiftyone-migrator backup …`. @param exit is told the exit code of a command */
export function addBackup(program: Command, exit: (code: number) => void): void {
  const backup = program
    .command('backup')
    .description('make, list, check, restore and remove backups')
    .addHelpText(
      'after',
      '\nA backup is called by its name, by its folder, or by the beginning of the id of the run that it was made for.',
    );

  addFolder(addServices(backup.command('create').description('back up the databases of the deployment, or some services')))
    .option('--dataset <name...>', 'back up only these datasets with all that belongs to them')
    .addOption(new Option('--compression <how>', 'how files are compressed').choices(['gzip', 'zstd', 'none']).default('gzip'))
    .option('--no-space-check', 'go on although the disk may not have the room that is needed')
    .action(async (flags) => exit(await (await import('./commands/backup-create.js')).create(flags)));

  addFolder(backup.command('list').description('print the backups of a folder'))
    .option('--json', 'print them as JSON')
    .action(async (flags) => exit(await (await import('./commands/backup-list.js')).list(flags)));

  addRole(addFolder(backup.command('verify').description('read a backup and compare it with its checksums').argument('<backup>')))
    .option('--restore', 'restore it into a scratch database too, and compare that with it')
    .option('--json', 'print the result as JSON')
    .action(async (name, flags) => exit(await (await import('./commands/backup-verify.js')).verify(name, flags)));

  addRole(
    addFolder(backup.command('restore').description('put back a backup, or what mongodump has written').argument('<backup>')),
  )
    .option('--dataset <name>', 'put back only this dataset with all that belongs to it')
    .option('--force', 'replace also what has changed since the backup was made')
    .option('--json', 'print the result as JSON')
    .action(async (name, flags) => exit(await (await import('./commands/backup-restore.js')).restore(name, flags)));

  addFolder(backup.command('prune').description('remove old backups, and what is left of those that were not finished'))
    .option('--keep <n>', 'so many of the newest of each database stay, whatever their age', parseNumber)
    .option('--older-than <days>', 'only those that are older than so many days', parseNumber)
    .option('--dry-run', 'only say which would go')
    .option('--json', 'print the result as JSON')
    .action(async (flags) => exit(await (await import('./commands/backup-prune.js')).prune(flags)));
}

function addFolder(command: Command): Command {
  return command.option('--backup-dir <folder>', 'where the backups are; default: fiftyone-backups in the working directory');
}

function addRole(command: Command): Command {
  return command.addOption(
    new Option(
      '--to <database>',
      'which database of the deployment is meant; default: that which has the name in the backup',
    ).choices(['fiftyone', 'cas']),
  );
}

function parseNumber(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new InvalidArgumentError('It must be a whole number.');
  return Number(text);
}
