import type { Db } from 'mongodb';
import type { Rewrites } from '../../bson/rewrites.js';
import { insertRaw } from '../../database/raw.js';
import type { DocumentsAt } from './export-folder.js';
import { readDocuments } from './read-documents.js';

/** How many inserts are under way at once while more is read. */
const AT_ONCE = 2;

export interface Loading {
  readonly db: Db;
  readonly collection: string;
  readonly from: DocumentsAt;
  readonly rewrites: Rewrites;
  /** How many documents at most. Default: all */
  readonly most?: number | undefined;
  /** Leaves out documents. Default: none */
  readonly wanted?: ((doc: Buffer) => boolean) | undefined;
  /** What is inserted in place of a document. @param index counts from 0 */
  readonly instead?: ((doc: Buffer, index: number) => Uint8Array) | undefined;
  /** Sees each document that is inserted. */
  readonly onDocument: (doc: Buffer) => void;
  /** Is called before each insert, and may throw. */
  readonly check: () => void;
  /** Is told how much was read. */
  readonly onRead: (done: number, total: number) => void;
}

/** Inserts the documents of an export into a collection. @returns how many */
export async function loadDocuments(loading: Loading): Promise<number> {
  const { db, collection, from, rewrites, most = Number.POSITIVE_INFINITY, wanted, instead, onDocument, check, onRead } = loading;
  const underWay = new Set<Promise<void>>();
  const failures: unknown[] = [];
  let count = 0;
  try {
    for await (const { documents, done, total } of readDocuments(from, rewrites)) {
      const chosen = (wanted ? documents.filter(wanted) : documents).slice(0, most - count);
      chosen.forEach(onDocument);
      const first = count;
      count += chosen.length;
      onRead(done, total);
      if (underWay.size >= AT_ONCE) await Promise.race(underWay);
      if (failures.length > 0) break;
      check();
      const insert: Promise<void> = insertRaw(db, collection, instead ? chosen.map((doc, i) => instead(doc, first + i)) : chosen)
        .catch((error) => void failures.push(error))
        .finally(() => underWay.delete(insert));
      underWay.add(insert);
      if (count >= most) break;
    }
  } finally {
    await Promise.all(underWay);
  }
  if (failures.length > 0) throw failures[0];
  return count;
}
