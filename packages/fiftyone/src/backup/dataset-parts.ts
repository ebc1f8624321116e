import type { Db, Document } from 'mongodb';
import { Doc, equal, type ObjectId, type ReadonlyDoc, type Value } from '../bson/index.js';
import { findDocs } from '../database/raw.js';
import { resultsOf } from '../migrations/attic/changes.js';
import { ATTIC, type EntryHead, headOf } from '../migrations/attic/entry.js';
import { KEPT_DOCUMENTS } from '../migrations/attic/kept-documents.js';
import { collectionName } from '../migrations/collection-name.js';
import { recordReader, runIdsOf, viewIdsOf } from '../migrations/read-record.js';
import type { DatasetRecord } from '../migrations/revision.js';
import { WORK } from '../migrations/work.js';

/** Which documents of a shared collection belong to a dataset: those that have one of these values at one of these paths. */
export interface Owned {
  readonly collection: string;
  readonly anyOf: Readonly<Record<string, readonly Value[]>>;
  /** Also those whose ids begin so. */
  readonly idsFrom?: readonly string[];
}

/** What belongs to a dataset. */
export interface DatasetContent {
  /** Collections that are its own. */
  readonly own: readonly string[];
  readonly shared: readonly Owned[];
}

/** Collections whose documents name their dataset, and how. */
const SHARED = {
  workspaces: '_dataset_id',
  tags: '_dataset_id',
  delegated_ops: 'dataset_id',
  execution_store: 'dataset_id',
};

/** What belongs to a dataset. @param record it, and what names it @param attic what downgrades kept of it @param datasets all that there are */
export function contentOf(record: DatasetRecord, attic: readonly EntryHead[], datasets: readonly ReadonlyDoc[]): DatasetContent {
  const dataset = record.dataset as Doc;
  const id = dataset.get('_id') as ObjectId;
  const files = [...resultsOf(record), ...attic.flatMap((entry) => entry.files)];
  const samples = collectionName(dataset, 'sample_collection_name');
  const shared: Owned[] = [
    { collection: 'fs.files', anyOf: { _id: files } },
    { collection: 'fs.chunks', anyOf: { files_id: files } },
    { collection: 'runs', anyOf: { _dataset_id: [id], _id: runIdsOf(dataset) } },
    { collection: 'views', anyOf: { _dataset_id: [id], _id: viewIdsOf(dataset) } },
    ...Object.entries(SHARED).map(([collection, path]) => ({ collection, anyOf: { [path]: [id] } })),
    { collection: ATTIC, anyOf: {}, idsFrom: [`${id} `] },
    { collection: KEPT_DOCUMENTS, anyOf: { '_id.documents': attic.map(({ documents }) => documents) } },
    { collection: WORK, anyOf: { _id: [id] } },
    { collection: 'datasets', anyOf: { _id: [id] } },
  ];
  const own = [samples, ownFrames(dataset, datasets)].filter((name) => name !== undefined);
  return { own, shared };
}

/** Its collection of frames, unless others use it: clips have the frames of the dataset that they come from. */
function ownFrames(dataset: Doc, datasets: readonly ReadonlyDoc[]): string | undefined {
  const frames = collectionName(dataset, 'frame_collection_name');
  if (frames === undefined || isOfClips(dataset)) return undefined;
  const id = String(dataset.get('_id'));
  const isOthers = (other: ReadonlyDoc) =>
    String(other.get('_id')) !== id && other.get('frame_collection_name') === frames && !isOfClips(other);
  return datasets.some(isOthers) ? undefined : frames;
}

function isOfClips(dataset: ReadonlyDoc): boolean {
  return String(dataset.get('sample_collection_name')).startsWith('clips.');
}

/** A filter for them, or undefined if there can be none. */
export function filterOf({ anyOf, idsFrom = [] }: Owned): Document | undefined {
  const clauses: Document[] = Object.entries(anyOf)
    .filter(([, values]) => values.length > 0)
    .map(([path, values]) => ({ [path]: { $in: [...values] } }));
  clauses.push(...idsFrom.map((start) => ({ _id: { $gte: start, $lt: `${start}\uffff` } })));
  if (clauses.length < 2) return clauses[0];
  return { $or: clauses };
}

/** Whether a document of the collection is one of them. */
export function isOwned({ anyOf, idsFrom = [] }: Owned, doc: ReadonlyDoc): boolean {
  const id = doc.get('_id');
  if (typeof id === 'string' && idsFrom.some((start) => id.startsWith(start))) return true;
  return Object.entries(anyOf).some(([path, values]) => {
    const found = valueAt(doc, path.split('.'));
    return found !== undefined && values.some((value) => equal(value, found));
  });
}

function valueAt(doc: ReadonlyDoc, [key = '', ...rest]: readonly string[]): Value | undefined {
  const value = doc.get(key);
  if (rest.length === 0) return value;
  return value instanceof Doc ? valueAt(value, rest) : undefined;
}

/** What belongs to any of several datasets. */
export function together(contents: readonly DatasetContent[]): DatasetContent {
  const shared = new Map<string, Owned>();
  for (const owned of contents.flatMap((content) => content.shared)) {
    const { collection, anyOf, idsFrom = [] } = owned;
    const other = shared.get(collection);
    const paths = Object.entries(anyOf).map(([path, values]) => [path, [...(other?.anyOf[path] ?? []), ...values]]);
    shared.set(collection, { collection, anyOf: Object.fromEntries(paths), idsFrom: [...(other?.idsFrom ?? []), ...idsFrom] });
  }
  return { own: [...new Set(contents.flatMap(({ own }) => own))], shared: [...shared.values()] };
}

/** What belongs to datasets of a database. Those that are not there have nothing. */
export async function readContent(db: Db, ids: readonly ObjectId[]): Promise<DatasetContent> {
  const datasets = await findDocs(db, 'datasets', {}, { projection: { sample_collection_name: 1, frame_collection_name: 1 } });
  const entries = await findDocs(db, ATTIC, { kind: 'entry', dataset: { $in: [...ids] } }, { projection: { data: 0 } });
  const attic = entries.map(headOf);
  const read = recordReader(db);
  const contents = await Promise.all(
    ids.map(async (id) => {
      const record = await read(id);
      return (
        record &&
        contentOf(
          record,
          attic.filter(({ dataset }) => dataset.equals(id)),
          datasets,
        )
      );
    }),
  );
  return together(contents.filter((content) => content !== undefined));
}
