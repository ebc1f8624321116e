import type { Db } from 'mongodb';
import { insertRaw } from '../../database/raw.js';
import type { DocumentsAt } from './export-folder.js';
import { readDocuments } from './read-documents.js';
import type { DocumentRewriter } from './rewrite-document.js';

/** How many inserts are under way at once while more is read. */
const AT_ONCE = 2;

export interface Loading {
  readonly db: Db;
  readonly collection: string;
  readonly from: DocumentsAt;
  readonly rewriter: DocumentRewriter;
  /** How many documents at most. Default: all */
  readonly most?: number | undefined;
  /** Leaves out documents. Default: none */
  readonly wanted?: ((doc: Buffer) => boolean) | undefined;
  /** Sees each document that is inserted, as it was in the export. */
  readonly onDocument?: ((doc: Buffer) => void) | undefined;
  /** Is called before each insert, and may throw. */
  readonly check: () => void;
  readonly onRead: (documents: number, bytes: number) => void;
}

/** Inserts the documents of an export into a collection. @returns how many */
export async function loadDocuments(loading: Loading): Promise<number> {
  const { db, collection, from, rewriter, most = Number.POSITIVE_INFINITY, wanted, onDocument, check, onRead } = loading;
  const underWay = new Set<Promise<void>>();
  const failures: unknown[] = [];
  let count = 0;
  try {
    for await (const { documents, bytes } of readDocuments(from)) {
      const chosen = (wanted ? documents.filter(wanted) : documents).slice(0, most - count);
      count += chosen.length;
      if (onDocument) chosen.forEach(onDocument);
      const rewritten = chosen.map((doc) => rewriter.rewrite(doc));
      onRead(count, bytes);
      if (underWay.size >= AT_ONCE) await Promise.race(underWay);
      if (failures.length > 0) break;
      check();
      const insert: Promise<void> = insertRaw(db, collection, rewritten)
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
