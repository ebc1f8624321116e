import { open, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Db } from 'mongodb';
import { Doc, parseEjsonDoc, type Value } from '../bson/index.js';
import { insertRaw, runRaw } from '../database/raw.js';
import { FiftyOneError } from '../errors.js';

/** How many bytes of documents are held in memory at once. */
const BATCH_BYTES = 16_000_000;

/**
 * Fills an empty database from a folder in mongodump's layout: `<collection>.bson` and `<collection>.metadata.json`.
 *
 * @returns the number of documents restored
 * @throws FiftyOneError when the database is not empty, or a file is damaged
 */
export async function restoreFolder(db: Db, folder: string): Promise<number> {
  const existing = await db.listCollections({}, { nameOnly: true }).toArray();
  if (existing.length > 0) {
    throw new FiftyOneError(`database '${db.databaseName}' is not empty`, { hint: 'restore into a database with another name' });
  }
  let documents = 0;
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.metadata.json')).sort()) {
    documents += await restoreCollection(db, folder, file.slice(0, -'.metadata.json'.length));
  }
  return documents;
}

async function restoreCollection(db: Db, folder: string, stem: string): Promise<number> {
  const metadata = parseEjsonDoc(await readFile(join(folder, `${stem}.metadata.json`), 'utf8'));
  const name = (metadata.get('collectionName') as string | undefined) ?? decodeURIComponent(stem);
  await runRaw(db, new Doc([['create', name], ...((metadata.get('options') as Doc | undefined) ?? [])]));
  let documents = 0;
  for await (const batch of readBatches(join(folder, `${stem}.bson`))) {
    await insertRaw(db, name, batch);
    documents += batch.length;
  }
  const indexes = ((metadata.get('indexes') ?? []) as Doc[])
    .filter((index) => index.get('name') !== '_id_')
    .map((index) => new Doc([...index].filter(([key]) => key !== 'ns')));
  if (indexes.length > 0)
    await runRaw(
      db,
      new Doc([
        ['createIndexes', name],
        ['indexes', indexes as Value[]],
      ]),
    );
  return documents;
}

async function* readBatches(path: string): AsyncGenerator<Uint8Array[]> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const head = Buffer.alloc(4);
    let batch: Uint8Array[] = [];
    let bytes = 0;
    for (let at = 0; at < size; ) {
      await file.read(head, 0, 4, at);
      const length = head.readInt32LE(0);
      if (length < 5 || at + length > size) throw new FiftyOneError(`${path} is damaged at byte ${at}`);
      const doc = Buffer.alloc(length);
      await file.read(doc, 0, length, at);
      batch.push(doc);
      at += length;
      bytes += length;
      if (bytes > BATCH_BYTES) {
        yield batch;
        batch = [];
        bytes = 0;
      }
    }
    if (batch.length > 0) yield batch;
  } finally {
    await file.close();
  }
}
