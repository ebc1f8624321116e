import { ExitCode } from 'fiftyone/cli-start';
import { unlock as unlockDatabase } from 'fiftyone/cli-support';
import { checkAdmin } from '../../settings.js';
import { type ChoiceFlags, choiceOf } from '../choice-flags.js';
import { withDeployment } from '../open-deployment.js';

/** `fiftyone-migrator unlock`: asks for every database by itself. @returns the exit code */
export async function unlock(flags: ChoiceFlags & { readonly yes?: boolean }): Promise<number> {
  checkAdmin('end the leases of others');
  return await withDeployment(choiceOf(flags), async ({ databases }) => {
    const codes: number[] = [];
    for (const connection of Object.values(databases)) {
      process.stdout.write(`${connection.address}:\n`);
      codes.push(await unlockDatabase(connection, flags.yes === true));
    }
    return codes.find((code) => code !== ExitCode.done) ?? ExitCode.done;
  });
}
