import type { Db } from 'mongodb';
import { Doc, equal, ObjectId, type Value } from '../../bson/index.js';
import { findDocs } from '../../database/raw.js';
import { RUN_MAPS } from '../linked-runs.js';
import type { BulkEdit, DatasetRecord, KeptIndex } from '../revision.js';
import { type AtticEntry, headOf } from './entry.js';
import { countKept, type Kept } from './kept-documents.js';

/** What a plan does with the attic. */
export interface AtticChanges {
  /** What a way down is going to keep; its results files and what it made of the record show when it is carried out. */
  readonly kept?: AtticEntry;
  /** What a way up does with the entries that it comes across. */
  readonly restoring: readonly Restoring[];
}

/** What a way up does with one entry. */
export interface Restoring {
  readonly entry: AtticEntry;
  /** `part`: the way ends below where it was taken out, so the entry is still needed, as `written`. */
  readonly done: 'all' | 'part' | 'nothing';
  readonly written?: AtticEntry;
  /** What is put back: `description`, `3 runs`. */
  readonly putBack: readonly string[];
  /** What is not, because somebody changed it meanwhile. */
  readonly left: readonly string[];
  readonly documents: readonly KeptFields[];
}

/** Documents to put back. */
export interface KeptFields {
  readonly kept: Kept;
  /** The run that puts them back. */
  readonly run: string;
  /** Fields that are others by now. */
  readonly except: readonly string[];
  /** Fields that the way up has no place for yet. */
  readonly later: readonly string[];
}

/**
 * The same with what only the database knows: which indexes there are, how many documents are put back, and how many somebody
 * changed.
 *
 * @param attic the collection of what ways down took out
 */
export async function looked(
  db: Db,
  attic: string,
  changes: AtticChanges,
  edits: readonly BulkEdit[],
  resumed: boolean,
): Promise<AtticChanges> {
  const { kept } = changes;
  if (kept) {
    const dropped = edits.flatMap((edit) => (edit.kind === 'drop-index' ? [edit] : []));
    // an interrupted run has noted them before it dropped any
    const [noted] = resumed ? await findDocs(db, attic, { _id: kept.id }, { projection: { data: 0 } }) : [];
    if (noted) return { ...changes, kept: { ...kept, indexes: headOf(noted).indexes } };
    const found = await Promise.all(dropped.map(({ collection, index }) => findIndex(db, collection, index)));
    return { ...changes, kept: { ...kept, indexes: found.filter((index) => index !== undefined) } };
  }
  const restoring: Restoring[] = [];
  for (const item of changes.restoring) {
    const [putBack, left] = [[...item.putBack], [...item.left]];
    for (const fields of item.documents) {
      const { put, kept } = await countKept(db, fields);
      if (put > 0) putBack.push(`values of ${documents(put)} of ${fields.kept.collection}`);
      if (kept > 0) left.push(`values of ${documents(kept)} of ${fields.kept.collection}`);
    }
    restoring.push({ ...item, putBack, left });
  }
  return { ...changes, restoring };
}

async function findIndex(db: Db, collection: string, name: string): Promise<KeptIndex | undefined> {
  const indexes = await db
    .collection(collection)
    .listIndexes()
    .toArray()
    .catch((error) => {
      if (error.codeName === 'NamespaceNotFound') return [];
      throw error;
    });
  const found = indexes.find((index) => index.name === name);
  return found && { collection, name, fields: Object.keys(found.key), unique: found.unique === true };
}

function documents(n: number): string {
  return `${n} document${n === 1 ? '' : 's'}`;
}

/** What a commit does with the attic. */
export interface AtticWork {
  /** Entries to be written before the commit. */
  readonly written: readonly AtticEntry[];
  /** Entries that the commit makes needless, some with their documents. */
  readonly removed: readonly { readonly id: string; readonly documents: string | undefined }[];
  /** Entries that stay only for people, with what of them could not be put back. */
  readonly restored: readonly { readonly id: string; readonly left: readonly string[] }[];
  /** Results files that nothing names after the commit. */
  readonly files: readonly Value[];
}

/**
 * @param after the record that is committed
 * @param replaced results files that were replaced by new ones
 * @param rewritten the record with the names of the new files
 */
export function workOf(
  changes: AtticChanges | undefined,
  what: readonly string[],
  after: DatasetRecord,
  replaced: readonly Value[],
  rewritten: (record: DatasetRecord) => DatasetRecord,
): AtticWork {
  const { kept, restoring = [] } = changes ?? {};
  const down = kept ? [{ ...kept, what, files: replaced, after }] : [];
  const parts = restoring.flatMap(({ written }) => {
    if (!written) return [];
    const files = without([...written.files, ...common(replaced, resultsOf(written.before))], []);
    return [{ ...written, files, after: rewritten(written.after) }];
  });
  const done = restoring.filter(({ done }) => done !== 'nothing');
  const full = done.filter(({ done }) => done === 'all');
  const stays = [...down, ...parts, ...full.filter(({ left }) => left.length > 0).map(({ entry }) => entry)];
  const needed = [...stays.flatMap(({ files }) => files), ...resultsOf(after)];
  const made = done.flatMap(({ entry }) => without(resultsOf(entry.after), resultsOf(entry.before)));
  return {
    written: [...down, ...parts],
    removed: [
      ...full.filter(({ left }) => left.length === 0).map(({ entry }) => ({ id: entry.id, documents: entry.documents })),
      ...done.filter(({ done }) => done === 'part').map(({ entry }) => ({ id: entry.id, documents: undefined })),
    ],
    restored: full.filter(({ left }) => left.length > 0).map(({ entry, left }) => ({ id: entry.id, left })),
    files: without([...replaced, ...made], needed),
  };
}

function without(values: readonly Value[], others: readonly Value[]): Value[] {
  return values.filter(
    (value, i) => !others.some((other) => equal(other, value)) && !values.slice(0, i).some((v) => equal(v, value)),
  );
}

function common(values: readonly Value[], others: readonly Value[]): Value[] {
  return values.filter((value) => others.some((other) => equal(other, value)));
}

/** The results files that a record names. */
export function resultsOf({ dataset, runs }: DatasetRecord): ObjectId[] {
  const inside = RUN_MAPS.flatMap((name) => {
    const map = dataset.get(name);
    return map instanceof Doc ? [...map.values()] : [];
  });
  return [...runs, ...inside].flatMap((run) => {
    const file = run instanceof Map ? run.get('results') : undefined;
    return file instanceof ObjectId ? [file] : [];
  });
}
