import type { Db } from 'mongodb';
import { Doc, date, double, encode, int32, ObjectId, type Value } from '../packages/fiftyone/src/bson/index.js';
import { insertRaw } from '../packages/fiftyone/src/database/raw.js';
import { shaped } from '../packages/fiftyone/src/formats/export/document-shape.js';
import { DATASET } from '../packages/fiftyone/src/formats/export/metadata-shape.js';

const LABELS = ['cat', 'dog', 'person', 'car', 'traffic light', 'bird', 'bicycle', 'chair'];
const CORE = 'fiftyone.core';
const NOW = date(Date.UTC(2024, 0, 2, 3, 4, 5, 678));
/** So many samples are made here; the server makes the others from them, with ids of their own. */
const MADE = 20_000;

/** Adds a dataset of images with ten detections each, 2.3 KB per sample, every number of its own. */
export async function addDetections(db: Db, samples: number, name = 'detections'): Promise<void> {
  const id = new ObjectId();
  const collection = `samples.${id.toHexString()}`;
  const random = seeded(51);
  const made = Math.min(samples, MADE);
  for (let from = 0; from < made; from += 1000) {
    const docs = Array.from({ length: Math.min(1000, made - from) }, (_, i) => encode(sample(from + i, id, random)));
    await insertRaw(db, collection, docs);
  }
  for (let from = made; from < samples; from += made) await addCopies(db, collection, Math.min(made, samples - from), from);
  await db.command({
    createIndexes: collection,
    indexes: ['filepath', 'created_at', 'last_modified_at'].map((key) => ({ key: { [key]: 1 }, name: `${key}_1` })),
  });
  await insertRaw(db, 'datasets', [encode(dataset(id, collection, name))]);
  await db.collection('config').replaceOne({}, { version: '1.22.1', type: 'fiftyone' }, { upsert: true });
}

async function addCopies(db: Db, collection: string, count: number, number: number): Promise<void> {
  const id = {
    $toObjectId: { $concat: [`6c${String(number).padStart(10, '0')}`, { $substrBytes: [{ $toString: '$_id' }, 12, 12] }] },
  };
  const set = { $set: { _id: id, _rand: { $add: [0.999, { $multiply: [0.001, { $rand: {} }] }] } } };
  await db
    .collection(collection)
    .aggregate([{ $limit: count }, set, { $merge: { into: collection } }])
    .toArray();
}

function sample(number: number, dataset: ObjectId, random: () => number): Doc {
  return Doc.of(
    ['_id', ObjectId.createFromHexString(`6b${number.toString(16).padStart(22, '0')}`)],
    ['filepath', `/data/images/train/${String(number).padStart(12, '0')}.jpg`],
    ['tags', [number % 5 === 0 ? 'validation' : 'train']],
    ['_media_type', 'image'],
    ['_rand', double(0.999 + random() * 0.001)],
    ['metadata', metadata(random)],
    ['ground_truth', Doc.of(['_cls', 'Detections'], ['detections', Array.from({ length: 10 }, () => detection(random))])],
    ['uniqueness', double(random())],
    ['_dataset_id', dataset],
    ['created_at', NOW],
    ['last_modified_at', NOW],
  );
}

function metadata(random: () => number): Doc {
  return Doc.of(
    ['_cls', 'ImageMetadata'],
    ['size_bytes', int32(Math.floor(random() * 500_000))],
    ['mime_type', 'image/jpeg'],
    ['width', int32(640)],
    ['height', int32(480)],
    ['num_channels', int32(3)],
  );
}

function detection(random: () => number): Doc {
  return Doc.of(
    ['_id', new ObjectId()],
    ['_cls', 'Detection'],
    ['attributes', new Doc()],
    ['tags', []],
    ['label', LABELS[Math.floor(random() * LABELS.length)] as string],
    ['bounding_box', Array.from({ length: 4 }, () => double(random()))],
    ['confidence', double(random())],
    ['iscrowd', int32(0)],
  );
}

function dataset(id: ObjectId, collection: string, name: string): Doc {
  const field = (name: string, ftype: string, more: Record<string, Value> = {}): Doc => {
    const entries = { name, ftype: `${CORE}.fields.${ftype}`, db_field: name, created_at: NOW, ...more };
    return new Doc(Object.entries(entries));
  };
  const text = `${CORE}.fields.StringField`;
  const detections = field('detections', 'ListField', {
    subfield: `${CORE}.fields.EmbeddedDocumentField`,
    embedded_doc_type: `${CORE}.labels.Detection`,
    fields: [
      field('id', 'ObjectIdField', { db_field: '_id' }),
      field('tags', 'ListField', { subfield: text }),
      field('attributes', 'DictField', {
        subfield: `${CORE}.fields.EmbeddedDocumentField`,
        embedded_doc_type: `${CORE}.labels.Attribute`,
      }),
      field('label', 'StringField'),
      field('bounding_box', 'ListField', { subfield: `${CORE}.fields.FloatField` }),
      ...[
        ['mask', 'ArrayField'],
        ['mask_path', 'StringField'],
        ['confidence', 'FloatField'],
        ['index', 'IntField'],
        ['iscrowd', 'IntField'],
      ].map(([name, type]) => field(name as string, type as string)),
    ],
  });
  const fields = [
    field('id', 'ObjectIdField', { db_field: '_id' }),
    field('filepath', 'StringField'),
    field('tags', 'ListField', { subfield: text }),
    field('metadata', 'EmbeddedDocumentField', {
      embedded_doc_type: `${CORE}.metadata.ImageMetadata`,
      fields: ['size_bytes', 'mime_type', 'width', 'height', 'num_channels'].map((name) =>
        field(name, name === 'mime_type' ? 'StringField' : 'IntField'),
      ),
    }),
    field('created_at', 'DateTimeField', { read_only: true }),
    field('last_modified_at', 'DateTimeField', { read_only: true }),
    field('_media_type', 'StringField'),
    field('_rand', 'FloatField'),
    field('_dataset_id', 'ObjectIdField'),
    field('ground_truth', 'EmbeddedDocumentField', { embedded_doc_type: `${CORE}.labels.Detections`, fields: [detections] }),
    field('uniqueness', 'FloatField'),
  ];
  const doc = Doc.of(
    ['_id', id],
    ['name', name],
    ['slug', name],
    ['version', '1.22.1'],
    ['created_at', NOW],
    ['last_modified_at', NOW],
    ['sample_collection_name', collection],
    ['persistent', true],
    ['media_type', 'image'],
    ['sample_fields', fields],
  );
  return shaped(doc, DATASET);
}

/** Mulberry32: the same numbers on every machine. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296 + (((t >>> 3) & 0x1fffff) / 4_294_967_296) * 2 ** -21;
  };
}
