// backup.mjs read | create FOLDER | insert FOLDER | restore FOLDER; says on stderr how long it took.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createBackup } from '../packages/fiftyone/dist/backup/create.js';
import { readDocumentFile } from '../packages/fiftyone/dist/backup/document-reader.js';
import { restoreBackup } from '../packages/fiftyone/dist/backup/restore-backup.js';
import { wholeDatabase } from '../packages/fiftyone/dist/backup/what.js';
import { openConnection } from '../packages/fiftyone/dist/database/connection.js';
import { insertRaw } from '../packages/fiftyone/dist/database/raw.js';
import { rawBatches } from '../packages/fiftyone/dist/database/raw-batches.js';
import { readSettings } from '../packages/fiftyone/dist/settings.js';

const [kind, folder] = process.argv.slice(2);
const connection = await openConnection(readSettings());
const { db } = connection;

const WORK = {
  /** The least that a backup is. */
  async read() {
    const { sample_collection_name: collection } = await db.collection('datasets').findOne();
    let bytes = 0;
    for await (const batch of rawBatches(db, { collection, sort: { $natural: 1 }, batchSize: 10_000 })) bytes += batch.length;
    return `${bytes} bytes`;
  },
  /** The least that a restore is: documents from a file without compression, and the same indexes afterwards. */
  async insert() {
    const [database] = (await readdir(folder)).filter((name) => !name.includes('.'));
    const [file] = (await readdir(join(folder, database))).filter((name) => /^samples.*\.bson$/.test(name));
    let documents = 0;
    for await (const batch of readDocumentFile(join(folder, database, file))) {
      await insertRaw(db, 'plain', batch);
      documents += batch.length;
    }
    const indexes = ['filepath', 'created_at', 'last_modified_at'].map((key) => ({ key: { [key]: 1 }, name: `${key}_1` }));
    await db.command({ createIndexes: 'plain', indexes });
    return `${documents} documents`;
  },
  async create(compression = 'gzip') {
    const { manifest } = await createBackup(connection, await wholeDatabase(db), { folder, name: compression, compression });
    const sum = (key) => manifest.collections.reduce((all, one) => all + one[key], 0);
    return `${sum('bytes')} bytes, ${sum('stored')} in files`;
  },
  async restore() {
    const { documents } = await restoreBackup(connection, { backup: folder });
    return `${documents} documents`;
  },
};

const begun = performance.now();
const done = await WORK[kind](process.argv[4]);
console.error(`work ${((performance.now() - begun) / 1000).toFixed(4)}`);
console.log(done);
await connection.close();
