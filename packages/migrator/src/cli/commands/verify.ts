import { ExitCode } from 'fiftyone/cli-start';
import { findingLines, toJson } from 'fiftyone/cli-support';
import { verifyDeployment } from '../../migrator.js';
import { type ChoiceFlags, choiceOf } from '../choice-flags.js';
import { withDeployment } from '../open-deployment.js';

/** `fiftyone-migrator verify`. @returns the exit code */
export async function verify(flags: ChoiceFlags & { readonly json?: boolean }): Promise<number> {
  const choice = choiceOf(flags);
  return await withDeployment(choice, async ({ databases, services }) => {
    const found = await verifyDeployment(databases, { ...choice, services });
    const lines = found.flatMap(({ service, version, findings }) =>
      findings.length === 0
        ? [`${service}: verified at ${version ?? 'no version'}: nothing is pending, nothing is wrong`]
        : findings.flatMap((finding) => findingLines(service, finding)),
    );
    process.stdout.write(`${flags.json ? toJson(found) : lines.join('\n')}\n`);
    return found.every(({ findings }) => findings.length === 0) ? ExitCode.done : ExitCode.failed;
  });
}
