import type { Db, Document } from 'mongodb';
import { Doc, decode, equal, type ObjectId, type ReadonlyDoc } from '../bson/index.js';
import { FiftyOneError } from '../errors.js';
import { ATTIC, headOf } from '../migrations/attic/entry.js';
import { checkedDocuments } from './checked-documents.js';
import { listMetadata } from './collections.js';
import { contentOf, type DatasetContent, filterOf, isOwned, type Owned, readContent, together } from './dataset-parts.js';
import type { StoredBackup, StoredCollection } from './open-backup.js';

/** Something to restore: a collection, or some of its documents. */
export interface Item {
  readonly source: StoredCollection;
  /** The documents of the database that are replaced, if not all of the collection. */
  readonly filter: Document | undefined;
  /** Which documents of the backup are meant, if not all. */
  readonly select: ((doc: ReadonlyDoc) => boolean) | undefined;
}

/** What a restore is about. */
export interface Selection {
  readonly items: readonly Item[];
  /** The dataset documents of the backup that are restored. */
  readonly datasets: readonly Doc[];
  /** Collections of the database that are no more afterwards. */
  readonly superfluous: readonly string[];
}

/** Everything that a backup has. After one of a whole database there is nothing else. */
export async function everything(db: Db, backup: StoredBackup): Promise<Selection> {
  const items = backup.collections.map((source) => ({ source, filter: source.filter, select: undefined }));
  const there = backup.manifest?.scope.kind === 'database' ? await listMetadata(db) : [];
  const stored = new Set(backup.collections.map(({ name }) => name));
  const superfluous = there.map(({ name }) => name).filter((name) => !stored.has(name));
  return { items, datasets: await documentsOf(backup, 'datasets'), superfluous };
}

/**
 * Datasets of a backup with all that belongs to them. What belongs to them in the database now is replaced.
 *
 * @throws FiftyOneError if the backup does not have one of them
 */
export async function datasetsOf(db: Db, backup: StoredBackup, names: readonly string[]): Promise<Selection> {
  const all = await documentsOf(backup, 'datasets');
  const datasets = names.map((name) => {
    const found = all.find((doc) => doc.get('name') === name);
    if (found !== undefined) return found;
    const others = all.map((doc) => doc.get('name')).join(', ');
    throw new FiftyOneError(`the backup ${backup.path} has no dataset '${name}'`, {
      hint: others === '' ? 'it has no datasets' : `it has: ${others}`,
    });
  });
  const stored = await storedContent(backup, datasets, all);
  const now = await readContent(
    db,
    datasets.map((dataset) => dataset.get('_id') as ObjectId),
  );
  const there = new Set((await listMetadata(db)).map(({ name }) => name));
  const sources = new Map(backup.collections.map((source) => [source.name, source]));
  const own = backup.collections.filter(({ name }) => stored.own.includes(name));
  const shared = stored.shared.flatMap((owned): Item[] => {
    const { collection } = owned;
    const present = KEPT_FILES.includes(collection) ? undefined : now.shared.find((other) => other.collection === collection);
    const filter = eitherOf(owned, present);
    const source = sources.get(collection) ?? (there.has(collection) ? nothingOf(collection) : undefined);
    return filter === undefined || source === undefined ? [] : [{ source, filter, select: (doc) => isOwned(owned, doc) }];
  });
  return {
    items: [...own.map((source) => ({ source, filter: undefined, select: undefined })), ...shared],
    datasets,
    superfluous: now.own.filter((name) => there.has(name) && !own.some((source) => source.name === name)),
  };
}

/** What a backup of datasets has besides them, such as the version of the database. */
export function besides({ collections }: StoredBackup, { items }: Selection): Item[] {
  const others = collections.filter(({ name }) => !items.some(({ source }) => source.name === name));
  return others.map((source) => ({ source, filter: source.filter, select: undefined }));
}

/** Results may be named by runs of other datasets, too: those that the backup does not have stay. */
const KEPT_FILES: readonly string[] = ['fs.files', 'fs.chunks'];

function eitherOf(a: Owned, b: Owned | undefined): Document | undefined {
  const filters = [a, b].map((owned) => owned && filterOf(owned)).filter((filter) => filter !== undefined);
  return filters.length < 2 ? filters[0] : { $or: filters };
}

/** A collection that the backup does not have: what the database has of it for a dataset is newer. */
function nothingOf(name: string): StoredCollection {
  return { name, type: 'collection', options: new Doc(), indexes: [], uuid: undefined, file: undefined, expected: undefined };
}

async function storedContent(backup: StoredBackup, datasets: readonly Doc[], all: readonly Doc[]): Promise<DatasetContent> {
  const [runs, views] = await Promise.all([documentsOf(backup, 'runs'), documentsOf(backup, 'views')]);
  // their records can be large
  const entries = await documentsOf(backup, ATTIC, (doc) => (doc.get('kind') === 'entry' ? headOf(doc) : undefined));
  return together(
    datasets.map((dataset) => {
      const { shared } = contentOf({ dataset, runs: [], views: [] }, [], all);
      const ownOf = (collection: string, docs: readonly Doc[]) => {
        const owned = shared.find((other) => other.collection === collection) as Owned;
        return docs.filter((doc) => isOwned(owned, doc));
      };
      const record = { dataset, runs: ownOf('runs', runs), views: ownOf('views', views) };
      const attic = entries.filter((entry) => equal(entry.dataset, dataset.get('_id') ?? null));
      return contentOf(record, attic, all);
    }),
  );
}

/** What there is of each document of a collection of a backup that has not many. @param take leaves out that for which it gives nothing */
export async function documentsOf<T = Doc>(
  { collections }: StoredBackup,
  name: string,
  take: (doc: Doc) => T | undefined = (doc) => doc as T,
): Promise<T[]> {
  const source = collections.find((collection) => collection.name === name);
  const found: T[] = [];
  if (source === undefined) return found;
  for await (const batch of checkedDocuments(source)) {
    for (const bytes of batch) {
      const taken = take(decode(bytes));
      if (taken !== undefined) found.push(taken);
    }
  }
  return found;
}
