// import.mjs FOLDER -- ours imports a dataset; says on stderr how long it took.
import { openConnection } from '../packages/fiftyone/dist/database/connection.js';
import { importDataset } from '../packages/fiftyone/dist/formats/import/import-dataset.js';
import { readSettings } from '../packages/fiftyone/dist/settings.js';

const connection = await openConnection(readSettings());
const begun = performance.now();
const { samples } = await importDataset(connection, { datasetDir: process.argv[2], name: 'imported', persistent: true });
console.error(`work ${((performance.now() - begun) / 1000).toFixed(4)}`);
console.log(samples);
await connection.close();
