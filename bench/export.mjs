// export.mjs -- ours exports the dataset `detections`; says on stderr how long it took.
import { openConnection } from '../packages/fiftyone/dist/database/connection.js';
import { loadDataset } from '../packages/fiftyone/dist/datasets/load.js';
import { exportDataset } from '../packages/fiftyone/dist/formats/export/export-dataset.js';
import { readSettings } from '../packages/fiftyone/dist/settings.js';
import { inFolder, tell } from './exported.mjs';

const connection = await openConnection(readSettings());
const dataset = await loadDataset(connection, 'detections');
await inFolder(async (exportDir) => {
  const begun = performance.now();
  await exportDataset(dataset, { exportDir, exportMedia: false });
  console.error(`work ${((performance.now() - begun) / 1000).toFixed(4)}`);
  await tell(exportDir);
});
await connection.close();
