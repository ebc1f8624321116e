import type { Db } from 'mongodb';
import type { ObjectId, ReadonlyDoc } from '../../bson/index.js';
import { findDocs } from '../../database/raw.js';
import { MalformedError } from '../../errors.js';
import { compareBase } from '../../version.js';
import type { Pending } from '../revision.js';
import { revisions } from '../revisions/index.js';
import type { Finding } from './finding.js';
import { shellText } from './shell-text.js';

/** What to look for in the documents of a dataset at a version. @throws MalformedError for what is no dataset document */
export function pendingAt(
  dataset: ReadonlyDoc,
  version: string,
  owners: (collection: string) => readonly ObjectId[],
): readonly Pending[] {
  const done = [...revisions.values()].filter((revision) => compareBase(revision.version, version) <= 0);
  return done.flatMap((revision) => revision.pending?.(dataset, owners) ?? []);
}

/** Looks for documents that revisions have left undone; each kind is a finding with the command that mends it. */
export async function findPending(
  db: Db,
  dataset: ReadonlyDoc,
  version: string,
  owners: (collection: string) => readonly ObjectId[],
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const pending of pendingAt(dataset, version, owners)) {
    const [found] = await findDocs(db, pending.collection, pending.filter, { projection: { _id: 1 }, limit: 1 });
    if (found === undefined) continue;
    const documents = await db.collection(pending.collection).countDocuments(pending.filter);
    findings.push({ ...findingOf(pending), documents, example: found.get('_id') ?? null });
  }
  return findings;
}

/** What is wrong, and the command of mongosh that mends it. */
export function findingOf({ problem, collection, filter, mend }: Pending): Finding {
  const command = `db.getCollection(${JSON.stringify(collection)}).updateMany(${shellText(filter)}, ${shellText(mend)})`;
  return { problem, collection, next: `mend them in mongosh: ${command}` };
}

/** What {@link findPending} finds, or why nothing can be looked for. */
export async function pendingOrMalformed(...args: Parameters<typeof findPending>): Promise<Finding[]> {
  try {
    return await findPending(...args);
  } catch (error) {
    if (!(error instanceof MalformedError)) throw error;
    return [{ problem: error.message, next: 'correct the document of the dataset by hand' }];
  }
}
