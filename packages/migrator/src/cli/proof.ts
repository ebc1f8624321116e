import { UsageError } from 'fiftyone';
import { agrees, canAsk, count } from 'fiftyone/cli-support';
import type { Proof } from '../prove.js';

/** Tells what a proof has found, and asks whether to go on if that is not what it should be. @throws UsageError where nobody can be asked */
export async function confirmProof(
  { documents, differences, reordered }: Proof,
  { yes, json }: { readonly yes?: boolean; readonly json?: boolean },
): Promise<boolean> {
  const head = `A copy of ${count(documents, 'document')} went there and back again`;
  const order = reordered === 0 ? '' : ` (${count(reordered, 'document')} with fields in another order)`;
  const text =
    differences.length === 0
      ? `${head}: it is what it was${order}`
      : [`${head}, and is not what it was${order}:`, ...differences.map((line) => `  ${line}`)].join('\n');
  if (differences.length > 0 && yes !== true && !canAsk())
    throw new UsageError(`${text}\nnothing was touched`, { hint: 'to go on all the same, add --yes' });
  if (!json) process.stderr.write(`${text}\n`);
  return differences.length === 0 || yes === true || (await agrees('Go on?'));
}
