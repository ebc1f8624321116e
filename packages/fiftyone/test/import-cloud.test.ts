import { join } from 'node:path';
import type { Document } from 'mongodb';
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest';
import { Doc, int32, ObjectId } from '../src/bson/index.js';
import { Database } from '../src/datasets/database.js';
import { exportDataset } from '../src/formats/export/export-dataset.js';
import { validateExport } from '../src/formats/validate/validate-export.js';
import { mediaFiles } from '../src/media/media-files.js';
import { Sample } from '../src/samples/sample.js';
import { fiftyone, userOf } from './support/command.js';
import type { FreshDatabase } from './support/fresh-database.js';
import { type MediaDatasetOptions, makeFile, mediaDataset } from './support/media-dataset.js';
import { orLeftOut, s3World } from './support/media-worlds.js';
import { filesIn, temporaryFolder } from './support/recorded-export.js';

async function stored({ db }: FreshDatabase, collection: unknown): Promise<Document[]> {
  return await db.collection(String(collection)).find().toArray();
}

describe('an export whose media are in a store', async () => {
  const s3 = await orLeftOut(s3World);
  if (s3 === undefined) return;
  afterEach(() => {
    vi.unstubAllEnvs();
  });
  afterAll(s3.server.stop);

  /** A dataset with media of all kinds on this machine. */
  async function local(): Promise<MediaDatasetOptions> {
    const media = await temporaryFolder();
    const file = (name: string, content?: string) => makeFile(join(media, name), content);
    const mask = Doc.of(['_cls', 'Segmentation'], ['mask_path', await file('masks/1.png')]);
    const samples = [
      {
        filepath: await file('x/ü b.mp4'),
        thumb: await file('t/1.png'),
        gt: Doc.of(['detections', [Doc.of(['mask_path', await file('masks/2.png')])]]),
      },
      { filepath: await file('y/ü b.mp4'), thumb: null, gt: null },
      { filepath: await file('s/a.fo3d', JSON.stringify({ pcdPath: await file('s/far/c.pcd') })) },
    ];
    return {
      samples,
      frames: [{ _sample_id: ObjectId.createFromHexString('6b0100000000000000000000'), frame_number: int32(1), seg: mask }],
      mediaFields: ['thumb'],
      labels: { gt: 'Detections' },
      frameLabels: { seg: 'Segmentation' },
    };
  }

  test('is imported with the paths that its media have there, and exported again it is what it was', async () => {
    const [exportDir, again, root] = [await temporaryFolder(), await temporaryFolder(), `${await s3.bucket()}street`];
    const { dataset, connection, database } = await mediaDataset(await local());
    await exportDataset(dataset, { exportDir });
    for (const [name, value] of Object.entries({ ...s3.env(), HOME: again })) vi.stubEnv(name, value as string);
    const names = [...(await filesIn(exportDir)).keys()].filter((name) => /^(data|fields)\//.test(name));
    const { copyFiles } = mediaFiles();
    await copyFiles(
      names.map((name) => join(exportDir, name)),
      names.map((name) => `${root}/${name}`),
    );
    expect((await validateExport(exportDir, { relDir: root })).problems).toEqual((await validateExport(exportDir)).problems);
    const report = await new Database(connection).importDataset({
      datasetDir: exportDir,
      name: 'there',
      persistent: true,
      relDir: `${root}/`,
    });
    expect(report.name).toBe('there');
    const there = await new Database(connection).loadDataset('there');
    const [first, ...others] = await stored(database, there.doc.get('sample_collection_name'));
    expect(first).toMatchObject({
      filepath: `${root}/data/ü b.mp4`,
      thumb: `${root}/fields/thumb/1.png`,
      gt: { detections: [{ mask_path: `${root}/fields/gt.detections/2.png` }] },
    });
    expect(others.map(({ filepath }) => filepath)).toEqual([`${root}/data/ü b-2.mp4`, `${root}/data/a.fo3d`]);
    const [frame] = await stored(database, there.doc.get('frame_collection_name'));
    expect(frame?.seg.mask_path).toBe(`${root}/fields/frames.seg/1.png`);
    await there.export({ exportDir: join(again, 'export'), relDir: `${root}/data` });
    const files = await filesIn(join(again, 'export'));
    for (const name of names) expect(files.get(name), name).toEqual((await filesIn(exportDir)).get(name));
  });

  test('is imported by the command as well', async () => {
    const exportDir = await temporaryFolder();
    const { dataset, database } = await mediaDataset({
      samples: [{ filepath: await makeFile(join(await temporaryFolder(), 'a.png')) }],
    });
    await exportDataset(dataset, { exportDir });
    const args = ['datasets', 'import', exportDir, '--name', 'there', '--persistent', '--rel-dir', 's3://bucket/street'];
    const { code, stderr } = await fiftyone(args, userOf(database));
    expect(code, stderr).toBe(0);
    expect(stderr).not.toContain('not in the export');
    const there = await database.db.collection('datasets').findOne({ name: 'there' });
    const [sample] = await stored(database, there?.sample_collection_name);
    expect(sample?.filepath).toBe('s3://bucket/street/data/a.png');
  });
});

test('samples are added, told apart and read with their paths in stores', async () => {
  const { connection } = await mediaDataset({ samples: [] });
  const dataset = await new Database(connection).createDataset('videos', { persistent: true });
  const filepaths = [
    's3://b/x/../a.mp4',
    'gs://b/a.mp4',
    'https://account.blob.core.windows.net/c/a.mp4',
    'our-minio://b/ü?.mp4',
  ];
  await dataset.addSamples(filepaths.map((filepath) => new Sample({ filepath })));
  expect(dataset.mediaType).toBe('video');
  expect(await dataset.values('filepath')).toEqual(filepaths);
  await dataset.setValues('filepath', filepaths.toReversed());
  await dataset.setValues('split', { [filepaths[0] as string]: 'train' }, { keyField: 'filepath' });
  expect(await dataset.values(['filepath', 'split'])).toEqual([filepaths.toReversed(), [null, null, null, 'train']]);
});
