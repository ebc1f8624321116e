import { idText } from '../migrations/documents-check.js';
import type { Finding, VerifyReport } from '../migrations/verify/finding.js';
import { count } from './numbers.js';

/** Every finding with what to do about it, and how many datasets are well. */
export function verifyText({ version, findings, datasets }: VerifyReport): string {
  const bad = datasets.filter((dataset) => dataset.findings.length > 0);
  const summary =
    bad.length === 0
      ? `${count(datasets.length, 'dataset')} verified, database at ${version}: nothing is pending, nothing is wrong`
      : `${count(datasets.length, 'dataset')} verified, database at ${version}: ${bad.length} with findings`;
  return [
    ...findings.flatMap((finding) => findingLines('database', finding)),
    ...bad.flatMap(({ name, findings }) => findings.flatMap((finding) => findingLines(name ?? '(without a name)', finding))),
    summary,
  ].join('\n');
}

/** `labels: no date in created_at, in 3 documents of samples.1, e.g. _id 65…`, and what to do in a line of its own. */
export function findingLines(where: string, { problem, collection, documents, example, next }: Finding): string[] {
  const many = documents === undefined ? '' : `${count(documents, 'document')} of `;
  const place = collection === undefined ? '' : `, in ${many}${collection}`;
  const id = example === undefined ? '' : `, ${documents === undefined ? '' : 'for example '}_id ${idText(example)}`;
  return [`${where}: ${problem}${place}${id}`, `  ${next}`];
}
