// set-values.mjs list|keys|labels -- ours sets values; says on stderr how long it took.
import { openConnection } from '../packages/fiftyone/dist/database/connection.js';
import { loadDataset } from '../packages/fiftyone/dist/datasets/load.js';
import { readSettings } from '../packages/fiftyone/dist/settings.js';
import { setValues } from '../packages/fiftyone/dist/values/set-values.js';
import { values } from '../packages/fiftyone/dist/values/values.js';

const connection = await openConnection(readSettings());
const dataset = await loadDataset(connection, 'large');
const [, , kind] = process.argv;
const path = kind === 'labels' ? 'gt.detections.label' : 'fresh';
const given = await givenValues();
const begun = performance.now();
await setValues(dataset, path, given, kind === 'keys' ? { keyField: 'id' } : {});
console.error(`work ${((performance.now() - begun) / 1000).toFixed(4)}`);
const found = await values(await loadDataset(connection, 'large'), path);
console.log(`${found.length} ${JSON.stringify([found[0], found.at(-1)])}`);
await connection.close();

async function givenValues() {
  if (kind === 'labels') return (await values(dataset, path)).map((labels) => labels.map((label) => `${label} too`));
  const ids = await values(dataset, 'id');
  const numbers = ids.map((_, i) => i / 2 + 0.25);
  return kind === 'keys' ? new Map(ids.map((id, i) => [id, numbers[i]])) : numbers;
}
