// values.mjs PATH -- ours reads the values of a field; says on stderr how long it took.
import { openConnection } from '../packages/fiftyone/dist/database/connection.js';
import { loadDataset } from '../packages/fiftyone/dist/datasets/load.js';
import { readSettings } from '../packages/fiftyone/dist/settings.js';
import { values } from '../packages/fiftyone/dist/values/values.js';

const connection = await openConnection(readSettings());
const dataset = await loadDataset(connection, 'large');
const begun = performance.now();
const found = await values(dataset, process.argv[2]);
console.error(`work ${((performance.now() - begun) / 1000).toFixed(4)}`);
console.log(`${found.length} ${JSON.stringify([found[0], found.at(-1)])}`);
await connection.close();
