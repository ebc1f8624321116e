import { Doc, date, decode, ObjectId, type ReadonlyDoc, type Value } from '../../bson/index.js';
import type { Connection } from '../../database/connection.js';
import { authorized, USE_WRITER } from '../../database/connection.js';
import { updateRaw } from '../../database/raw.js';
import { frameMediaFields, sampleMediaFields } from '../../dataset-media/media-fields.js';
import { readDocuments } from './read-documents.js';

const MOVED = `${USE_WRITER}: the media are moved already, and the next export into the same folder tells the dataset`;
const UNMOVED = `${USE_WRITER}, or copy the media (--export-media true): nothing was moved`;

/** Finds out whether the dataset can be told, by a write that changes nothing. @throws FiftyOneError if not */
export async function checkMayWrite(connection: Connection, dataset: ReadonlyDoc): Promise<void> {
  const nothing = Doc.of(['q', Doc.of(['_id', new ObjectId()])], ['u', Doc.of(['$setOnInsert', Doc.of(['filepath', ''])])]);
  for (const collection of [dataset.get('sample_collection_name'), dataset.get('frame_collection_name')]) {
    if (typeof collection !== 'string') continue;
    await authorized(connection, () => updateRaw(connection.db, collection, [nothing]), UNMOVED);
  }
}

/** Tells the samples and frames of a dataset where files are that were moved. @returns how many documents were changed */
export async function updateMovedPaths(
  connection: Connection,
  dataset: ReadonlyDoc,
  moved: ReadonlyMap<string, string>,
): Promise<number> {
  const [samples, frames] = [dataset.get('sample_collection_name'), dataset.get('frame_collection_name')];
  const inSamples = [['filepath'], ...sampleMediaFields(dataset).map(({ path }) => path)];
  const inFrames = frameMediaFields(dataset).map(({ path }) => path);
  const changed = [await update(connection, samples, inSamples, moved), await update(connection, frames, inFrames, moved)];
  return changed.reduce((sum, n) => sum + n, 0);
}

async function update(
  connection: Connection,
  collection: Value | undefined,
  paths: readonly (readonly string[])[],
  moved: ReadonlyMap<string, string>,
): Promise<number> {
  if (typeof collection !== 'string' || paths.length === 0 || moved.size === 0) return 0;
  const project = Object.fromEntries([['_id', 1 as const], ...rootsOf(paths).map((path) => [path, 1 as const])]);
  let changed = 0;
  for await (const batch of readDocuments(connection.db, { collection, pipeline: [] }, project)) {
    const statements = batch.flatMap((bson) => statementFor(decode(bson), paths, moved));
    if (statements.length > 0) {
      changed += (await authorized(connection, () => updateRaw(connection.db, collection, statements), MOVED)).n;
    }
  }
  return changed;
}

/** Paths of which none is within another one, which the server refuses. */
export function rootsOf(paths: readonly (readonly string[])[]): string[] {
  const dotted = [...new Set(paths.map((path) => path.join('.')))];
  return dotted.filter((path) => !dotted.some((other) => path.startsWith(`${other}.`)));
}

/** Changes what still is as it was read, and nothing else. */
function statementFor(doc: Doc, paths: readonly (readonly string[])[], moved: ReadonlyMap<string, string>): Doc[] {
  const before = new Doc();
  const after = new Doc();
  for (const path of paths) {
    for (const [place, value] of textsAt(doc, path, '')) {
      const now = moved.get(value);
      if (now === undefined) continue;
      before.set(place, value);
      after.set(place, now);
    }
  }
  if (after.size === 0) return [];
  after.set('last_modified_at', date(Date.now()));
  return [Doc.of(['q', Doc.of(['_id', doc.get('_id') as Value], ...before)], ['u', Doc.of(['$set', after])])];
}

function* textsAt(value: Value, path: readonly string[], place: string): Generator<[place: string, text: string]> {
  const below = (key: string) => (place === '' ? key : `${place}.${key}`);
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) yield* textsAt(item, path, below(String(i)));
  } else if (path.length === 0) {
    if (typeof value === 'string') yield [place, value];
  } else if (value instanceof Doc) {
    const [key, ...rest] = path as [string, ...string[]];
    const inner = value.get(key);
    if (inner !== undefined) yield* textsAt(inner, rest, below(key));
  }
}

/** All texts at some paths of a document. */
export function textsIn(doc: Doc, path: readonly string[]): string[] {
  return [...textsAt(doc, path, '')].map(([, text]) => text);
}
