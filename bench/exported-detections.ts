import { existsSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Db } from 'mongodb';
import { findDocs, findRaw, insertRaw } from '../packages/fiftyone/src/database/raw.js';
import { Dataset } from '../packages/fiftyone/src/datasets/dataset.js';
import { indexSamples } from '../packages/fiftyone/src/datasets/indexes.js';
import { exportDataset } from '../packages/fiftyone/src/formats/export/export-dataset.js';
import { addDetections } from './detections-dataset.js';

const BATCH_BYTES = 8_000_000;

/** The folder of an export of so many samples with ten detections each. */
export function exportedDetections(samples: number): string {
  return join(tmpdir(), `fiftyone-bench-${samples}`);
}

/** Empties a database, after the export was made with its help if there is none yet. */
export async function emptied(db: Db, samples: number): Promise<void> {
  const folder = exportedDetections(samples);
  if (!existsSync(folder)) await make(db, samples, folder);
  await db.dropDatabase();
  await db.collection('config').insertOne({ version: '1.22.1', type: 'fiftyone' });
}

async function make(db: Db, samples: number, folder: string): Promise<void> {
  await db.dropDatabase();
  await addDetections(db, samples);
  const [dataset] = await findDocs(db, 'datasets');
  if (dataset === undefined) throw new Error('there is no dataset to export');
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  await exportDataset(new Dataset({ db } as Dataset['connection'], dataset), { exportDir: partial, exportMedia: false });
  const file = await open(join(partial, 'samples.bson'), 'w');
  for await (const bytes of findRaw(db, dataset.get('sample_collection_name') as string)) await file.write(bytes);
  await file.close();
  await rename(partial, folder);
}

/** Inserts the same documents into a collection with the same indexes, and does nothing else. */
export async function insertPlain(db: Db, samples: number): Promise<void> {
  const file = await open(join(exportedDetections(samples), 'samples.bson'));
  await indexSamples(db, 'plain');
  try {
    for (let at = 0; ; ) {
      const { buffer, bytesRead } = await file.read(Buffer.alloc(BATCH_BYTES), 0, BATCH_BYTES, at);
      const docs: Buffer[] = [];
      let end = 0;
      while (end + 4 <= bytesRead && end + buffer.readInt32LE(end) <= bytesRead) {
        docs.push(buffer.subarray(end, end + buffer.readInt32LE(end)));
        end += (docs.at(-1) as Buffer).length;
      }
      if (docs.length === 0) break;
      await insertRaw(db, 'plain', docs);
      at += end;
    }
  } finally {
    await file.close();
  }
}
