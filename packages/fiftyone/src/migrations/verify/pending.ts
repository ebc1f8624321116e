import type { Db } from 'mongodb';
import type { ObjectId, ReadonlyDoc } from '../../bson/index.js';
import { findDocs } from '../../database/raw.js';
import { compareBase } from '../../version.js';
import type { Pending } from '../revision.js';
import { revisions as ofDatasets } from '../revisions/index.js';
import type { Finding } from './finding.js';
import { shellText } from './shell-text.js';

/** The datasets that name a collection as theirs. */
export type Owners = (collection: string) => readonly ObjectId[];

/** What to look for in the documents of a dataset at a version. @throws MalformedError for what is no dataset document */
export function pendingAt(dataset: ReadonlyDoc, version: string, owners: Owners, revisions = ofDatasets): Pending[] {
  const done = [...revisions.values()].filter((revision) => compareBase(revision.version, version) <= 0);
  return done.flatMap((revision) => revision.pending?.(dataset, owners) ?? []);
}

/** Looks through whole collections; each kind of document that is found is a finding with the command that mends it. */
export async function findPending(db: Db, all: readonly Pending[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [collection, pending] of byCollection(all)) {
    // nearly always there is nothing, and that is known after one pass
    const any = { $or: pending.map(({ filter }) => filter) };
    const [first] = await findDocs(db, collection, any, { projection: { _id: 1 }, limit: 1 });
    if (first !== undefined) findings.push(...(await findEach(db, pending)));
  }
  return findings;
}

/** What there is to look for in each collection. */
export function byCollection(all: readonly Pending[]): Map<string, Pending[]> {
  const lists = new Map<string, Pending[]>();
  for (const pending of all) lists.set(pending.collection, [...(lists.get(pending.collection) ?? []), pending]);
  return lists;
}

async function findEach(db: Db, all: readonly Pending[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const pending of all) {
    const { collection, filter } = pending;
    const [found] = await findDocs(db, collection, filter, { projection: { _id: 1 }, limit: 1 });
    if (found === undefined) continue;
    const documents = await db.collection(collection).countDocuments(filter);
    findings.push({ ...findingOf(pending), documents, example: found.get('_id') ?? null });
  }
  return findings;
}

function findingOf({ problem, collection, filter, mend }: Pending): Finding {
  const command = `db.getCollection(${JSON.stringify(collection)}).updateMany(${shellText(filter)}, ${shellText(mend)})`;
  return { problem, collection, next: `mend them in mongosh: ${command}` };
}
