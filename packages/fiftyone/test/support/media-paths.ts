import * as fo from '../../src/index.js';
import { parseStage } from '../../src/views/stage.js';
import { type View, viewOf } from '../../src/views/view.js';
import type { FreshDatabase } from './fresh-database.js';
import { sdkDatabase } from './sdk-database.js';
import type { Snapshot } from './snapshot.js';
import { snapshot } from './snapshot.js';

export interface PathsDataset extends FreshDatabase {
  readonly fo: fo.Database;
  readonly dataset: fo.Dataset;
}

/** A dataset with every kind of media field: pictures with thumbnails, masks, maps, lists, and what has no value. */
export async function picturesWithPaths(count = 3): Promise<PathsDataset> {
  const database = await sdkDatabase();
  const dataset = await database.fo.createDataset('pictures');
  await dataset.addSamples(Array.from({ length: count }, (_, i) => picture(i)));
  dataset.appConfig = { ...dataset.appConfig, media_fields: ['filepath', 'thumbnail_path'] };
  await dataset.save();
  return { ...database, dataset };
}

export function picture(i: number): fo.Sample {
  const masks = (names: readonly (string | null)[]) => {
    const detection = (name: string | null) => new fo.Detection({ label: 'a', ...(name === null ? {} : { mask_path: name }) });
    return new fo.Detections({ detections: names.map(detection) });
  };
  return new fo.Sample({
    filepath: `/data/${i}.jpg`,
    thumbnail_path: i === 1 ? null : `/data/small/${i}.jpg`,
    gt: masks(i === 2 ? [] : [`/masks/${i}-0.png`, null, `/masks/${i}-2.png`]),
    one: new fo.Detection({ label: 'b', mask_path: `/masks/one-${i}.png` }),
    seg: new fo.Segmentation({ mask_path: `/segmentations/${i}.png` }),
    heat: new fo.Heatmap({ map_path: `/heat/${i}.png` }),
    extra: [`/extra/${i}-a.txt`, `/extra/${i}-b.txt`],
    note: `text ${i}`,
    number: i,
  });
}

/** A dataset of videos whose frames have images, masks and maps. */
export async function videosWithPaths(): Promise<PathsDataset> {
  const database = await sdkDatabase();
  const dataset = await database.fo.createDataset('videos');
  const videos = [0, 1].map((i) => {
    const video = new fo.Sample({ filepath: `/videos/${i}.mp4` });
    for (const n of [1, 2]) {
      const detections = [new fo.Detection({ label: 'a', mask_path: `/frames/${i}-${n}-mask.png` })];
      const frame = { filepath: `/frames/${i}-${n}.jpg`, objects: new fo.Detections({ detections }) };
      video.frames.set(n, new fo.Frame({ ...frame, heat: new fo.Heatmap({ map_path: `/frames/${i}-${n}-heat.png` }) }));
    }
    return video;
  });
  await dataset.addSamples(videos);
  return { ...database, dataset };
}

/** A grouped dataset: two slices of pictures, and one of videos. */
export async function groupsWithPaths(): Promise<PathsDataset> {
  const database = await sdkDatabase();
  const dataset = await database.fo.createDataset('groups');
  const samples = [0, 1].flatMap((i) => {
    const group = new fo.Group();
    return ['left', 'right'].map((slice) => new fo.Sample({ filepath: `/data/${slice}/${i}.jpg`, group: group.element(slice) }));
  });
  await dataset.addSamples(samples);
  return { ...database, dataset };
}

/** A view of a dataset: `['Limit', { limit: 2 }]`. */
export async function viewWith(dataset: fo.Dataset, ...stages: readonly [string, Record<string, unknown>][]): Promise<View> {
  const parsed = stages.map(([name, kwargs]) =>
    parseStage(JSON.stringify({ _cls: `fiftyone.core.stages.${name}`, kwargs: Object.entries(kwargs) })),
  );
  return await viewOf(dataset, parsed);
}

/** All that clients see: without what our own tools keep for themselves. */
export async function withoutJournal(db: FreshDatabase['db']): Promise<Snapshot> {
  const { collections, metadata } = await snapshot(db);
  const own = <T>(map: ReadonlyMap<string, T>) => new Map([...map].filter(([name]) => !name.startsWith('media.')));
  return { collections: own(collections), metadata: own(metadata) };
}
