import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { onTestFinished } from 'vitest';
import { Doc, encode, ObjectId, type Value } from '../../src/bson/index.js';
import type { Connection } from '../../src/database/connection.js';
import { findDocs, insertRaw } from '../../src/database/raw.js';
import { Dataset } from '../../src/datasets/dataset.js';
import { shaped } from '../../src/formats/export/document-shape.js';
import { DATASET } from '../../src/formats/export/metadata-shape.js';
import { type FreshDatabase, freshDatabase } from './fresh-database.js';
import { connectAsAdmin } from './migrated.js';

/** A dataset for tests of exports. */
export interface MediaDataset {
  readonly dataset: Dataset;
  readonly connection: Connection;
  readonly database: FreshDatabase;
  /** Its samples as they are now. */
  samples(): Promise<Doc[]>;
}

export interface MediaDatasetOptions {
  /** What every sample has besides its id. */
  readonly samples: readonly Record<string, Value>[];
  readonly frames?: readonly Record<string, Value>[];
  readonly mediaFields?: readonly string[];
  /** Fields with labels that name files, and the class of each. */
  readonly labels?: Readonly<Record<string, string>>;
  readonly frameLabels?: Readonly<Record<string, string>>;
  readonly more?: Readonly<Record<string, Value>>;
}

/** Makes a dataset in a database of its own. */
export async function mediaDataset(options: MediaDatasetOptions): Promise<MediaDataset> {
  const database = await freshDatabase();
  const connection = await connectAsAdmin(database);
  onTestFinished(() => connection.close());
  const id = new ObjectId();
  const [samples, frames] = [`samples.${id}`, `frames.samples.${id}`];
  const config = Doc.of(['media_fields', ['filepath', ...(options.mediaFields ?? [])]]);
  const doc = Doc.of(
    ['_id', id],
    ['name', 'pictures'],
    ['slug', 'pictures'],
    ['version', '1.22.1'],
    ['sample_collection_name', samples],
    ['media_type', options.frames ? 'video' : 'image'],
    ['app_config', config],
    ['sample_fields', [...labelFields(options.labels), TIME]],
    ['frame_fields', labelFields(options.frameLabels)],
    ...Object.entries(options.more ?? {}),
  );
  if (options.frames) doc.set('frame_collection_name', frames);
  await insertRaw(database.db, 'datasets', [encode(shaped(doc, DATASET))]);
  await insertRaw(database.db, samples, options.samples.map(withId(1)));
  if (options.frames) await insertRaw(database.db, frames, options.frames.map(withId(2)));
  const [stored] = await findDocs(database.db, 'datasets', { _id: id });
  return {
    dataset: new Dataset(connection, stored as Doc),
    connection,
    database,
    samples: () => findDocs(database.db, samples, {}, { sort: { _id: 1 } }),
  };
}

function withId(kind: number) {
  return (values: Record<string, Value>, i: number): Uint8Array => {
    const id = ObjectId.createFromHexString(`6b0${kind}${String(i).padStart(20, '0')}`);
    return encode(Doc.of(['_id', id], ...Object.entries(values)));
  };
}

const TIME = Doc.of(
  ['name', 'last_modified_at'],
  ['ftype', 'fiftyone.core.fields.DateTimeField'],
  ['db_field', 'last_modified_at'],
);

function labelFields(labels: Readonly<Record<string, string>> = {}): Doc[] {
  const field = (name: string, type: string, fields: Doc[] = []) =>
    Doc.of(
      ['name', name],
      ['ftype', 'fiftyone.core.fields.EmbeddedDocumentField'],
      ['embedded_doc_type', `fiftyone.core.labels.${type}`],
      ['fields', fields],
      ['db_field', name],
    );
  return Object.entries(labels).map(([name, type]) =>
    type === 'Detections' ? field(name, type, [field('detections', 'Detection')]) : field(name, type),
  );
}

/** Makes a file whose content is its path. @returns the path */
export async function makeFile(path: string, content: string = path): Promise<string> {
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  return path;
}
