import { lstat, mkdir, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Doc } from '../src/bson/index.js';
import { exportDataset } from '../src/formats/export/export-dataset.js';
import { MissingMediaError } from '../src/formats/export/missing-media.js';
import { makeFile, mediaDataset } from './support/media-dataset.js';
import { filesIn, temporaryFolder } from './support/recorded-export.js';

interface Exported {
  readonly samples: Record<string, unknown>[];
  readonly frames?: Record<string, unknown>[];
}

/** The documents of an export. */
async function documentsIn(exportDir: string): Promise<Exported> {
  const read = async (name: string) => JSON.parse(await readFile(join(exportDir, name), 'utf8'));
  const { samples } = await read('samples.json');
  return (await readdir(exportDir)).includes('frames.json')
    ? { samples, frames: (await read('frames.json')).frames }
    : { samples };
}

test('files of one name never overwrite each other, whatever their names are', async () => {
  const [media, exportDir] = [await temporaryFolder(), await temporaryFolder()];
  const names = ['d0/img.png', 'd1/img.png', 'd0/img-2.png', 'd1/img-2.png', 'd2/img-2-2.png', 'd0/img.png'];
  const paths = await Promise.all(names.map((name) => makeFile(join(media, name))));
  const { dataset } = await mediaDataset({ samples: paths.map((filepath) => ({ filepath })) });
  const report = await exportDataset(dataset, { exportDir });
  const { samples } = await documentsIn(exportDir);
  expect(samples.map(({ filepath }) => filepath)).toEqual(
    ['img.png', 'img-2.png', 'img-2-2.png', 'img-2-3.png', 'img-2-2-2.png', 'img.png'].map((name) => `data/${name}`),
  );
  for (const [i, { filepath }] of samples.entries()) {
    expect(await readFile(join(exportDir, filepath as string), 'utf8')).toBe(paths[i]);
  }
  expect(report.media).toEqual({
    files: 5,
    bytes: names.slice(0, 5).reduce((sum, name) => sum + media.length + 1 + name.length, 0),
  });
});

test('a media field that is a list stays one', async () => {
  const [media, exportDir] = [await temporaryFolder(), await temporaryFolder()];
  const file = (name: string) => makeFile(join(media, name));
  const sample = { filepath: await file('a.png'), thumbs: [await file('x/t.png'), await file('y/t.png')] };
  const { dataset } = await mediaDataset({
    samples: [sample, { filepath: await file('b.png'), thumbs: [] }],
    mediaFields: ['thumbs'],
  });
  await exportDataset(dataset, { exportDir });
  const { samples } = await documentsIn(exportDir);
  expect(samples.map(({ thumbs }) => thumbs)).toEqual([['fields/thumbs/t.png', 'fields/thumbs/t-2.png'], []]);
  const files = await filesIn(exportDir);
  expect(files.get('fields/thumbs/t-2.png')?.toString()).toBe(join(media, 'y/t.png'));
});

test('without media a list of paths becomes relative as a whole', async () => {
  const exportDir = await temporaryFolder();
  const sample = { filepath: '/data/a.png', thumbs: ['/data/t/1.png', '/other/2.png'] };
  const { dataset } = await mediaDataset({ samples: [sample], mediaFields: ['thumbs'] });
  await exportDataset(dataset, { exportDir, exportMedia: false, relDir: '/data' });
  expect((await documentsIn(exportDir)).samples).toMatchObject([{ filepath: 'a.png', thumbs: ['t/1.png', '/other/2.png'] }]);
});

test('what is outside of relDir is exported too, and its scenes are not touched', async () => {
  const [media, exportDir] = [await temporaryFolder(), await temporaryFolder()];
  const asset = await makeFile(join(media, 'out/c.pcd'));
  const text = `{"_type": "Scene","children": [{"pcdPath": ${JSON.stringify(asset)}}],"background": {"image": "c.pcd"},"image": "c.pcd"}`;
  const scene = await makeFile(join(media, 'out/scene.fo3d'), text);
  const inside = await makeFile(join(media, 'in/deep/scene.fo3d'), '{}');
  const { dataset } = await mediaDataset({ samples: [{ filepath: inside }, { filepath: scene }] });
  await exportDataset(dataset, { exportDir, relDir: join(media, 'in') });
  const files = await filesIn(join(exportDir, 'data'));
  expect([...files.keys()]).toEqual(['c.pcd', 'deep/scene.fo3d', 'scene.fo3d']);
  expect(files.get('scene.fo3d')?.toString()).toBe(
    '{"_type": "Scene","children": [{"pcdPath": "c.pcd"}],"background": {"image": "c.pcd"},"image": "c.pcd"}',
  );
  expect(await readFile(scene, 'utf8')).toBe(text);
});

test('the media of frames are in the export, and the frames keep what the real client can read', async () => {
  const [media, exportDir] = [await temporaryFolder(), await temporaryFolder()];
  const masks = await Promise.all(['m/1.png', 'n/1.png'].map((name) => makeFile(join(media, name))));
  const { dataset } = await mediaDataset({
    samples: [{ filepath: await makeFile(join(media, 'v.mp4')) }],
    frames: [...masks, masks[0]].map((mask_path) => ({
      seg: Doc.of(['_cls', 'Segmentation'], ['mask_path', mask_path as string]),
    })),
    frameLabels: { seg: 'Segmentation' },
  });
  await exportDataset(dataset, { exportDir });
  const { frames } = await documentsIn(exportDir);
  expect(frames?.map(({ seg }) => (seg as { mask_path: string }).mask_path)).toEqual([...masks, masks[0]]);
  const files = await filesIn(exportDir);
  expect(JSON.parse(files.get('frame_media.json')?.toString() as string)).toEqual({
    [masks[0] as string]: 'fields/frames.seg/1.png',
    [masks[1] as string]: 'fields/frames.seg/1-2.png',
  });
  expect(files.get('fields/frames.seg/1-2.png')?.toString()).toBe(masks[1]);
});

test('missing media are all named before anything is written', async () => {
  const [media, exportDir] = [await temporaryFolder(), join(await temporaryFolder(), 'export')];
  const there = await makeFile(join(media, 'there.png'));
  const gone = ['a.png', 'b.png'].map((name) => join(media, name));
  const labelled = { filepath: there, seg: Doc.of(['mask_path', media]) };
  const { dataset } = await mediaDataset({
    samples: [{ filepath: gone[0] as string }, labelled, { filepath: gone[1] as string }],
    labels: { seg: 'Segmentation' },
  });
  const error = await exportDataset(dataset, { exportDir }).catch((error) => error);
  expect(error).toBeInstanceOf(MissingMediaError);
  expect(error.files).toEqual(new Map([...gone.map((path): [string, string] => [path, 'is missing']), [media, 'is no file']]));
  await expect(lstat(exportDir)).rejects.toThrow('ENOENT');
});

test('missing media can be left out, and keep their paths', async () => {
  const [media, exportDir] = [await temporaryFolder(), await temporaryFolder()];
  const [there, gone] = [await makeFile(join(media, 'there.png')), join(media, 'gone.png')];
  const { dataset } = await mediaDataset({
    samples: [{ filepath: gone }, { filepath: there }, { filepath: 'hdfs://host/a.png' }],
  });
  const report = await exportDataset(dataset, { exportDir, skipMissing: true });
  expect((await documentsIn(exportDir)).samples.map(({ filepath }) => filepath)).toEqual([
    gone,
    'data/there.png',
    'hdfs://host/a.png',
  ]);
  expect(report.missing).toEqual([gone]);
  expect(report.warnings).toEqual([
    '1 media are in stores that are not known here and stay where they are, for example hdfs://host/a.png',
  ]);
});

test('links lead to the files themselves', async () => {
  const [media, exportDir] = [await temporaryFolder(), await temporaryFolder()];
  const path = await makeFile(join(media, 'a.png'));
  const { dataset } = await mediaDataset({ samples: [{ filepath: join(media, 'x', '..', 'a.png') }] });
  await exportDataset(dataset, { exportDir, exportMedia: 'symlink' });
  expect(await readlink(join(exportDir, 'data/a.png'))).toBe(path);
});

test.each([
  ['on one disk', undefined],
  ['to another disk', '/dev/shm'],
])('moved media are found by their dataset again, %s', async (_, disk) => {
  const [media, folder] = [await temporaryFolder(), await temporaryFolder(disk)];
  const exportDir = join(folder, 'export');
  const file = (name: string) => makeFile(join(media, name));
  const [a, b, mask] = [await file('1/a.png'), await file('2/a.png'), await file('m.png')];
  const samples = [
    { filepath: a, thumbs: [a, b], gt: Doc.of(['detections', [Doc.of(['label', 'x']), Doc.of(['mask_path', mask])]]) },
    { filepath: b, thumbs: [], other: mask },
  ];
  const made = await mediaDataset({ samples, mediaFields: ['thumbs'], labels: { gt: 'Detections' } });
  await exportDataset(made.dataset, { exportDir, exportMedia: 'move' });
  expect([...(await filesIn(media)).keys()]).toEqual([]);
  const [first, second] = await made.samples();
  const read = (path: unknown) => readFile(path as string, 'utf8');
  expect(await Promise.all(((first as Doc).get('thumbs') as string[]).map(read))).toEqual([a, b]);
  expect(await Promise.all([first, second].map((sample) => read(sample?.get('filepath'))))).toEqual([a, b]);
  const detections = ((first as Doc).get('gt') as Doc).get('detections') as Doc[];
  expect(await read(detections[1]?.get('mask_path'))).toBe(mask);
  expect([...(second as Doc).keys()]).toEqual(['_id', 'filepath', 'thumbs', 'other', 'last_modified_at']);
  const exported = await documentsIn(exportDir);
  expect(exported.samples.map(({ filepath, thumbs }) => [filepath, thumbs])).toEqual([
    ['data/a.png', ['fields/thumbs/a.png', 'fields/thumbs/a-2.png']],
    ['data/a-2.png', []],
  ]);
});

test('a moved scene is in the export with its new paths, and no longer where it was', async () => {
  const [media, exportDir] = [await temporaryFolder(), await temporaryFolder()];
  const asset = await makeFile(join(media, 'c.pcd'));
  const scene = await makeFile(join(media, 's/scene.fo3d'), JSON.stringify({ pcdPath: asset }));
  const made = await mediaDataset({ samples: [{ filepath: scene }] });
  await exportDataset(made.dataset, { exportDir, exportMedia: 'move' });
  expect([...(await filesIn(media)).keys()]).toEqual([]);
  expect((await made.samples())[0]?.get('filepath')).toBe(join(exportDir, 'data/scene.fo3d'));
  expect(await readFile(join(exportDir, 'data/scene.fo3d'), 'utf8')).toBe('{"pcdPath": "c.pcd"}');
});

test('an export beside another one replaces its documents and none of its media', async () => {
  const [media, exportDir] = [await temporaryFolder(), await temporaryFolder()];
  const [same, other] = [await makeFile(join(media, 'same.png')), await makeFile(join(media, 'other.png'))];
  await makeFile(join(exportDir, 'data/same.png'), same);
  await makeFile(join(exportDir, 'data/other.png'), 'somebody else’s');
  for (const name of ['frames.json', 'tags.json', 'samples/1.json', 'brain/x.json', 'notes.txt'])
    await makeFile(join(exportDir, name));
  const { dataset } = await mediaDataset({ samples: [{ filepath: same }, { filepath: other }] });
  const report = await exportDataset(dataset, { exportDir });
  const files = await filesIn(exportDir);
  expect([...files.keys()]).toEqual([
    'data/other-2.png',
    'data/other.png',
    'data/same.png',
    'metadata.json',
    'notes.txt',
    'samples.json',
  ]);
  expect(files.get('data/other.png')?.toString()).toBe('somebody else’s');
  expect(files.get('data/other-2.png')?.toString()).toBe(other);
  expect(report.warnings).toEqual([
    'there were files in the folder already: those that are no documents of an export stay in it',
  ]);
});

test('overwriting leaves nothing of what was there', async () => {
  const [media, exportDir] = [await temporaryFolder(), await temporaryFolder()];
  for (const name of ['data/a.png', 'notes.txt', 'samples/1.json']) await makeFile(join(exportDir, name), 'old');
  const { dataset } = await mediaDataset({ samples: [{ filepath: await makeFile(join(media, 'a.png')) }] });
  await exportDataset(dataset, { exportDir, overwrite: true });
  const files = await filesIn(exportDir);
  expect([...files.keys()]).toEqual(['data/a.png', 'metadata.json', 'samples.json']);
  expect(files.get('data/a.png')?.toString()).toBe(join(media, 'a.png'));
});

test('a folder with media of the dataset is not overwritten, and an export into it changes none', async () => {
  const exportDir = await temporaryFolder();
  const path = await makeFile(join(exportDir, 'data/a.png'));
  const { dataset, samples } = await mediaDataset({ samples: [{ filepath: path }] });
  await expect(exportDataset(dataset, { exportDir, overwrite: true })).rejects.toThrow('media of the dataset are in the folder');
  for (const exportMedia of [true, 'symlink', 'move'] as const) {
    await exportDataset(dataset, { exportDir, exportMedia });
    expect((await lstat(path)).isFile()).toBe(true);
    expect(await readFile(path, 'utf8')).toBe(path);
    expect((await documentsIn(exportDir)).samples).toMatchObject([{ filepath: 'data/a.png' }]);
  }
  expect((await samples())[0]?.get('filepath')).toBe(path);
});

test('a link in the folder is replaced by the file that it leads to', async () => {
  const [media, exportDir] = [await temporaryFolder(), await temporaryFolder()];
  const path = await makeFile(join(media, 'a.png'));
  await mkdir(join(exportDir, 'data'));
  await symlink(path, join(exportDir, 'data/a.png'));
  const { dataset } = await mediaDataset({ samples: [{ filepath: path }] });
  await exportDataset(dataset, { exportDir });
  await rm(path);
  await writeFile(join(exportDir, 'data/a.png'), await readFile(join(exportDir, 'data/a.png')));
  expect((await lstat(join(exportDir, 'data/a.png'))).isFile()).toBe(true);
});
