import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { binary, Doc, date, decode, double, encode, int32, int64, ObjectId, type Value } from '../src/bson/index.js';
import { jsonToBson } from '../src/bson/read-json.js';
import { bsonToJson } from '../src/bson/write-json.js';
import { findRaw } from '../src/database/raw.js';
import { importDataset } from '../src/formats/import/import-dataset.js';
import { freshDatabase } from './support/fresh-database.js';
import { connectAsAdmin } from './support/migrated.js';
import { recordedExport, temporaryFolder } from './support/recorded-export.js';

const SEEDS = Number(process.env.LAWS_SEEDS || 3);
const SAMPLES = 400;

const leaf = fc.oneof(
  fc.constant(null),
  fc.boolean(),
  fc.string({ unit: 'binary' }),
  fc.integer().map(int32),
  fc.bigInt({ min: 2n ** 31n, max: 2n ** 63n - 1n }).map(int64),
  fc.bigInt({ min: -(2n ** 63n), max: -(2n ** 31n) - 1n }).map(int64),
  fc.double().map((value) => double(Number.isNaN(value) ? Number.NaN : value)),
  fc.bigInt({ min: -(2n ** 53n), max: 2n ** 53n }).map(date),
  fc.uint8Array({ maxLength: 40 }).map(binary),
  fc.uint8Array({ minLength: 12, maxLength: 12 }).map((bytes) => new ObjectId(bytes)),
) as fc.Arbitrary<Value>;
const key = fc
  .oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', '0', '10', 'a.b', '__proto__', '_cls'))
  .map((text) => text.replace(/\0/g, '').replace(/^\$/, ''));
const { value } = fc.letrec<{ value: Value }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small' },
    leaf,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie('value')), { maxLength: 4 }).map((entries) => new Doc(entries)),
  ),
}));

/** A sample as it is in an export. */
const exported = fc.tuple(value, value, fc.boolean(), fc.boolean()).map(([x, y, isRelative, hasTags]) => {
  const id = new ObjectId();
  const doc = Doc.of(['_id', id], ['x', x], ['filepath', isRelative ? `data/${id}.jpg` : `/data/${id}.jpg`]);
  if (hasTags) doc.set('tags', ['a']);
  return doc.set('created_at', date(1)).set('y', y).set('_dataset_id', new ObjectId());
});

test('whatever samples hold is stored as it is; only what an import changes is changed', { timeout: 120_000 }, async () => {
  const metadata = decode(jsonToBson(await readFile(join(await recordedExport('views_runs'), 'noextras', 'metadata.json'))));
  const fields = metadata.get('sample_fields') as Doc[];
  const declared = ['x', 'y'].map((name) => Doc.of(['name', name], ['ftype', 'fiftyone.core.fields.Field'], ['db_field', name]));
  metadata.set('sample_fields', [...fields, ...declared]);
  for (let seed = 1; seed <= SEEDS; seed++) {
    const folder = join(await temporaryFolder(), 'export');
    await mkdir(folder);
    const samples = fc.sample(exported, { seed, numRuns: SAMPLES });
    await writeFile(join(folder, 'metadata.json'), bsonToJson(encode(metadata)));
    await writeFile(join(folder, 'samples.json'), `{"samples": [${samples.map((doc) => bsonToJson(encode(doc))).join(', ')}]}`);
    const database = await freshDatabase();
    const connection = await connectAsAdmin(database);
    const { id } = await importDataset(connection, { datasetDir: folder, name: 'it', persistent: true, tags: ['new'] });
    await connection.close();
    const [dataset] = await database.db.collection('datasets').find().toArray();
    const now = date(dataset?.created_at.getTime());
    let i = 0;
    for await (const bytes of findRaw(database.db, `samples.${id}`)) {
      const sample = samples[i++] as Doc;
      const expected = new Doc(sample);
      const path = String(sample.get('filepath'));
      expected.set('filepath', path.startsWith('/') ? path : join(folder, path));
      expected.set('created_at', now).set('_dataset_id', ObjectId.createFromHexString(id));
      // what was missing comes last
      expected.set('tags', [...((sample.get('tags') ?? []) as Value[]), 'new']).set('last_modified_at', now);
      expect(Buffer.from(bytes).toString('hex'), `seed ${seed}, sample ${i}`).toBe(Buffer.from(encode(expected)).toString('hex'));
    }
    expect(i).toBe(SAMPLES);
  }
});
