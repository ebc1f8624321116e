// What `fo.Dataset.from_dir` does in import-real.py.
import { importDataset, openDatabase, readSettings } from '../packages/fiftyone/dist/index.js';

const connection = await openDatabase(readSettings());
const { samples } = await importDataset(connection, { datasetDir: process.argv[2], name: 'imported', persistent: true });
console.log(samples);
await connection.close();
