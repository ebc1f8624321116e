import { execFileSync } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { extract } from 'tar';
import { expect, test } from 'vitest';
import { findDocs } from '../src/database/raw.js';
import { exportDataset } from '../src/formats/export/export-dataset.js';
import { importDataset } from '../src/formats/import/import-dataset.js';
import { makeFile, mediaDataset } from './support/media-dataset.js';
import { filesIn, temporaryFolder } from './support/recorded-export.js';

/** Unpacks an archive of any kind. */
async function unpack(path: string): Promise<Map<string, string>> {
  const folder = await temporaryFolder();
  if (!path.endsWith('.zip')) await extract({ file: path, cwd: folder });
  else {
    for (const [name, content] of Object.entries(unzipSync(await readFile(path)))) {
      if (!name.endsWith('/')) await makeFile(join(folder, name), Buffer.from(content).toString());
    }
  }
  return new Map([...(await filesIn(folder))].map(([name, content]) => [name, content.toString()]));
}

test.each(['zip', 'tar', 'tar.gz', 'tgz'])(
  'an archive (.%s) has one folder at its top, and nothing is left beside it',
  async (extension) => {
    const [media, folder] = [await temporaryFolder(), await temporaryFolder()];
    const path = await makeFile(join(media, 'ünï 漢.png'));
    const { dataset } = await mediaDataset({ samples: [{ filepath: path }] });
    const exportDir = join(folder, `my data.${extension}`);
    const report = await exportDataset(dataset, { exportDir });
    expect(report.exportDir).toBe(exportDir);
    expect(await readdir(folder)).toEqual([`my data.${extension}`]);
    const files = await unpack(exportDir);
    expect([...files.keys()]).toEqual(['my data/data/ünï 漢.png', 'my data/metadata.json', 'my data/samples.json']);
    expect(files.get('my data/data/ünï 漢.png')).toBe(path);
  },
);

test('the folder whose name an archive has is left alone', async () => {
  const folder = await temporaryFolder();
  await makeFile(join(folder, 'export/notes.txt'));
  const { dataset } = await mediaDataset({ samples: [] });
  await exportDataset(dataset, { exportDir: join(folder, 'export.tar') });
  expect([...(await filesIn(folder)).keys()]).toEqual(['export.tar', 'export/notes.txt']);
});

test('an archive that is there is only replaced on request', async () => {
  const exportDir = await makeFile(join(await temporaryFolder(), 'a.zip'), 'old');
  const { dataset } = await mediaDataset({ samples: [] });
  await expect(exportDataset(dataset, { exportDir })).rejects.toThrow(`${exportDir} is there already`);
  expect(await readFile(exportDir, 'utf8')).toBe('old');
  await exportDataset(dataset, { exportDir, overwrite: true });
  expect((await unpack(exportDir)).has('a/samples.json')).toBe(true);
});

test.each([
  ['a.rar', true, 'cannot write .rar archives'],
  ['a.tar.bz2', true, 'cannot write .tar.bz2 archives'],
  ['a.zip', 'move', 'moving media into an archive'],
  ['a.zip', 'symlink', 'an archive cannot have links'],
] as const)('what an archive cannot be is refused: %s, media %s', async (name, exportMedia, message) => {
  const folder = await temporaryFolder();
  const { dataset } = await mediaDataset({ samples: [] });
  await expect(exportDataset(dataset, { exportDir: join(folder, name), exportMedia })).rejects.toThrow(message);
  expect(await readdir(folder)).toEqual([]);
});

test('a zip archive can be read by others', async () => {
  const folder = await temporaryFolder();
  const { dataset } = await mediaDataset({ samples: [{ filepath: await makeFile(join(folder, 'm/a.png')) }] });
  await exportDataset(dataset, { exportDir: join(folder, 'x.zip') });
  const list = execFileSync('python3', ['-m', 'zipfile', '-l', join(folder, 'x.zip')], { encoding: 'utf8' });
  expect(list).toContain('x/data/a.png');
});

test.each(['zip', 'tar'])(
  'files with a backslash in their names are in an archive (.%s), and each is found',
  async (extension) => {
    const [media, folder] = [await temporaryFolder(), await temporaryFolder()];
    const paths = await Promise.all(['a\\b.png', 'a-b.png', 'sub/a\\b.png'].map((name) => makeFile(join(media, name))));
    const { connection, dataset } = await mediaDataset({ samples: paths.map((filepath) => ({ filepath })) });
    const archivePath = join(folder, `x\\y.${extension}`);
    await exportDataset(dataset, { exportDir: archivePath });
    await importDataset(connection, { archivePath, name: 'again', persistent: true });
    const [again] = await findDocs(connection.db, 'datasets', { name: 'again' });
    const samples = await findDocs(connection.db, String(again?.get('sample_collection_name')), {}, { sort: { _id: 1 } });
    expect(await Promise.all(samples.map((sample) => readFile(String(sample.get('filepath')), 'utf8')))).toEqual(paths);
  },
);
