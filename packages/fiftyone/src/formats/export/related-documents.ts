import type { Db } from 'mongodb';
import { Doc, type ObjectId, type ReadonlyDoc, type Value } from '../../bson/index.js';
import { findDocs } from '../../database/raw.js';
import { RUN_FOLDERS } from '../layout.js';
import { type DocumentShape, shaped } from './document-shape.js';
import { DATASET, RUN, SAVED_VIEW, WORKSPACE } from './metadata-shape.js';

/** What of a dataset's related documents goes into its export. */
export interface Related {
  readonly savedViews: boolean;
  readonly workspaces: boolean;
  readonly runs: boolean;
}

export interface Metadata {
  /** What `metadata.json` holds. */
  readonly doc: Doc;
  /** References to documents that are not there. */
  readonly broken: readonly string[];
}

/** The document of a dataset with its views, workspaces and runs in it instead of their ids. */
export async function readMetadata(db: Db, dataset: ReadonlyDoc, wanted: Related): Promise<Metadata> {
  const doc = shaped(dataset, DATASET);
  const broken: string[] = [];
  const read = async (collection: string, ids: readonly Value[], shape: DocumentShape) => {
    const docs = ids.length === 0 ? [] : await findDocs(db, collection, { _id: { $in: ids as ObjectId[] } });
    const byId = new Map(docs.map((found) => [String(found.get('_id')), shaped(found, shape)]));
    return (id: Value, place: string): Doc[] => {
      const found = byId.get(String(id));
      if (!found) broken.push(`${place} names the document ${String(id)}, which is not in the collection ${collection}`);
      return found ? [found] : [];
    };
  };
  const lists = [
    ['saved_views', 'views', SAVED_VIEW, wanted.savedViews],
    ['workspaces', 'workspaces', WORKSPACE, wanted.workspaces],
  ] as const;
  for (const [key, collection, shape, isWanted] of lists) {
    const ids = isWanted ? idsIn(doc.get(key)) : [];
    const find = await read(collection, ids, shape);
    doc.set(
      key,
      ids.flatMap((id) => find(id, key)),
    );
  }
  for (const [kind] of RUN_FOLDERS) {
    const runs = doc.get(kind);
    const entries = wanted.runs && runs instanceof Doc ? [...runs] : [];
    const find = await read(
      'runs',
      entries.map(([, id]) => id),
      RUN,
    );
    doc.set(kind, new Doc(entries.flatMap(([key, id]) => find(id, `${kind}.${key}`).map((run) => [key, run] as const))));
  }
  return { doc, broken };
}

function idsIn(value: Value | undefined): Value[] {
  return Array.isArray(value) ? value : [];
}
