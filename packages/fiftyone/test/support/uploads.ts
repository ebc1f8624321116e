import { join } from 'node:path';
import type { Dataset } from '../../src/datasets/dataset.js';
import * as fo from '../../src/index.js';
import type { FreshDatabase } from './fresh-database.js';
import { sdkDatabase } from './sdk-database.js';
import { testFolder, writeFiles } from './transfers.js';

export interface PicturesOnDisk extends FreshDatabase {
  readonly fo: fo.Database;
  readonly dataset: Dataset;
  /** Where the files are. */
  readonly folder: string;
}

/** A dataset of pictures in two folders, `a` and `b`, with masks and maps of equal names. The second one has no thumbnail. */
export async function picturesOnDisk(count = 3): Promise<PicturesOnDisk> {
  const database = await sdkDatabase();
  const folder = await testFolder();
  const dataset = await database.fo.createDataset('pictures', { persistent: true });
  const samples: fo.Sample[] = [];
  for (let i = 0; i < count; i++) {
    const name = `${i < 2 ? 'a' : 'b'}/${i}.jpg`;
    const [filepath, mask, map] = await writeFiles(folder, {
      [name]: `image ${i}`,
      [`masks/${i}.png`]: `mask ${i}`,
      [`maps/${i}.png`]: `map ${i}`,
    });
    const detections = [new fo.Detection({ label: 'x' }), new fo.Detection({ label: 'y', mask_path: mask as string })];
    samples.push(
      new fo.Sample({
        filepath: filepath as string,
        thumbnail_path: i === 1 ? null : join(folder, name),
        gt: new fo.Detections({ detections }),
        heat: new fo.Heatmap({ map_path: map as string }),
      }),
    );
  }
  await dataset.addSamples(samples);
  return { ...database, dataset, folder };
}
