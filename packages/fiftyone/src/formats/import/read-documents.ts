import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Doc, encode, parseEjson, parseEjsonDoc } from '../../bson/index.js';
import type { DocumentsAt } from './export-folder.js';

/** Documents that were read at once. */
export interface DocumentBatch {
  readonly documents: readonly Buffer[];
  /** How many bytes of the export were read for them. */
  readonly bytes: number;
}

/** Reads documents as BSON, some at a time. */
export async function* readDocuments(at: DocumentsAt): AsyncGenerator<DocumentBatch> {
  if (at.kind === 'folder') {
    for (const name of at.files) {
      const text = await readFile(join(at.path, name), 'utf8');
      yield { documents: [Buffer.from(encode(parseEjsonDoc(text)))], bytes: text.length };
    }
    return;
  }
  const text = await readFile(at.path, 'utf8');
  const list = (parseEjson(text) as Doc).get(at.key) as Doc[];
  yield { documents: list.map((doc) => Buffer.from(encode(doc))), bytes: text.length };
}
