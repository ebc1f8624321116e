import { access, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Doc, encode, ObjectId } from '../src/bson/index.js';
import { insertRaw } from '../src/database/raw.js';
import { Dataset } from '../src/datasets/dataset.js';
import { exportDataset } from '../src/formats/export/export-dataset.js';
import { moveFile } from '../src/formats/export/move-journal.js';
import { Staging } from '../src/formats/export/staging.js';
import { importDataset } from '../src/formats/import/import-dataset.js';
import { validateExport } from '../src/formats/validate/validate-export.js';
import { type MediaDataset, makeFile, mediaDataset } from './support/media-dataset.js';
import { connectAsAdmin } from './support/migrated.js';
import { startMongod } from './support/mongod.js';
import { temporaryFolder } from './support/recorded-export.js';

/** A dataset with one file, and an export that moved it and then died. */
async function interrupted(at: 'moved' | 'in place') {
  const folder = await temporaryFolder();
  const [from, exportDir] = [await makeFile(join(folder, 'media/a.png'), 'a'), join(folder, 'export')];
  const made = await mediaDataset({ samples: [{ filepath: from }] });
  const staging = await Staging.begin(exportDir, async () => {});
  const to = join(staging.files, 'data/a.png');
  await mkdir(join(staging.files, 'data'));
  await staging.journal.note([{ from, to, becomes: 'data/a.png' }]);
  await moveFile(from, to);
  const { doc } = made.dataset;
  if (at === 'in place') await staging.complete({ overwrite: false, moved: String(doc.get('_id')), name: 'pictures' });
  await staging.leave();
  return { folder, from, to, exportDir, moved: join(exportDir, 'data/a.png'), made, root: staging.root };
}

/** Another dataset, without samples, in the same database. */
async function neighbour({ connection, database, dataset }: MediaDataset): Promise<Dataset> {
  const id = new ObjectId();
  const doc = Doc.of(...dataset.doc);
  doc.set('_id', id);
  doc.set('name', 'others');
  doc.set('sample_collection_name', `samples.${id}`);
  await insertRaw(database.db, 'datasets', [encode(doc)]);
  return new Dataset(connection, doc);
}

const pathOf = async ({ samples }: MediaDataset) => (await samples())[0]?.get('filepath');

test('what an export has moved that died is put back, also when the folder is gone that it was in', async () => {
  const { folder, from, exportDir, made } = await interrupted('moved');
  await rm(join(folder, 'media'), { recursive: true });
  await exportDataset(made.dataset, { exportDir });
  expect(await readFile(from, 'utf8')).toBe('a');
  expect((await readdir(exportDir)).sort()).toEqual(['data', 'metadata.json', 'samples.json']);
});

test('where it cannot be put back the error says where the only copy is', async () => {
  const { folder, to, exportDir, made, root } = await interrupted('moved');
  await rm(join(folder, 'media'), { recursive: true });
  await makeFile(join(folder, 'media'), 'in the way');
  const error = await exportDataset(made.dataset, { exportDir }).catch((error) => error);
  expect(error.hint).toContain(`${root} may have the only copies of media that were moved`);
  expect(error.hint).not.toContain('what was written is removed');
  expect(await readFile(to, 'utf8')).toBe('a');
});

test('moved media whose dataset was not told yet are not overwritten by an export of another one', async () => {
  const { exportDir, moved, made } = await interrupted('in place');
  const others = await neighbour(made);
  await expect(exportDataset(others, { exportDir, overwrite: true })).rejects.toThrow("media of dataset 'pictures' are in the");
  expect(await pathOf(made)).toBe(moved);
  expect(await readFile(moved, 'utf8')).toBe('a');
});

test('moved media whose dataset was not told yet are not overwritten by the same export, begun again', async () => {
  const { exportDir, moved, made } = await interrupted('in place');
  const again = () => exportDataset(made.dataset, { exportDir, overwrite: true, exportMedia: 'move' }).catch((error) => error);
  const error = await again();
  expect(error.message).toContain('media of the dataset are in the folder');
  expect(error.hint).toContain('the export that was interrupted here is finished by now');
  expect((await again()).hint).toBe('export into another folder, or into this one without overwrite');
  expect(await pathOf(made)).toBe(moved);
  expect(await readFile(moved, 'utf8')).toBe('a');
});

test.each([true, false])('an export from another database keeps what the first has to know: overwrite %s', async (overwrite) => {
  const { exportDir, moved, made, root } = await interrupted('in place');
  const elsewhere = await mediaDataset({ samples: [] });
  const error = await exportDataset(elsewhere.dataset, { exportDir, overwrite }).catch((error) => error);
  expect(error.message).toContain("has moved media of dataset 'pictures'");
  expect(error.hint).toContain(root);
  expect(await readFile(moved, 'utf8')).toBe('a');
  await exportDataset(made.dataset, { exportDir });
  expect(await pathOf(made)).toBe(moved);
  expect(await readFile(moved, 'utf8')).toBe('a');
  await expect(access(root)).rejects.toThrow('ENOENT');
});

test('who may not write to the database is told so before anything is moved', async () => {
  const folder = await temporaryFolder();
  const [path, exportDir] = [await makeFile(join(folder, 'a.png')), join(folder, 'export')];
  const { dataset, samples } = await mediaDataset({ samples: [{ filepath: path }] });
  const server = await startMongod({ auth: true });
  onTestFinished(() => server.stop());
  const admin = await connectAsAdmin({ uri: server.uri, name: 'fo' });
  onTestFinished(() => admin.close());
  await insertRaw(admin.db, 'datasets', [encode(dataset.doc)]);
  await insertRaw(admin.db, String(dataset.doc.get('sample_collection_name')), (await samples()).map(encode));
  await admin.db.command({ createUser: 'reader', pwd: 'secret', roles: ['read'] });
  const reader = await connectAsAdmin({ uri: `mongodb://reader:secret@127.0.0.1:${server.port}/?authSource=fo`, name: 'fo' });
  onTestFinished(() => reader.close());
  const told: string[] = [];
  const error = await exportDataset(new Dataset(reader, dataset.doc), {
    ...{ exportDir, exportMedia: 'move' },
    onProgress: ({ what }) => told.push(what),
  }).catch((error) => error);
  expect(error.message).toContain('the database user may not write');
  expect(error.hint).toContain('or copy the media');
  expect(told).toEqual([]);
  expect(await readFile(path, 'utf8')).toBe(path);
  expect(await readdir(folder)).toEqual(['a.png']);
});

test('import and validate say of a folder with a killed move what is in it, and that it must stay', async () => {
  const { exportDir, made, root } = await interrupted('moved');
  for (const read of [() => importDataset(made.connection, { datasetDir: exportDir }), () => validateExport(exportDir)]) {
    const error = await read().catch((error) => error);
    expect(error.message).toContain('it has no metadata.json; an export into it that moves media has not ended');
    expect(error.hint).toContain(`leave the folder as it is, for ${root} may have the only copies`);
  }
  await makeFile(join(exportDir, 'metadata.json'), '{"version": "1.22.1"}');
  const error = await importDataset(made.connection, { datasetDir: exportDir }).catch((error) => error);
  expect(error.message).toContain('neither samples.json nor a folder samples; an export into it that moves media');
});

test('an export elsewhere says where media are that a killed move has', async () => {
  const { folder, from, made } = await interrupted('moved');
  const error = await exportDataset(made.dataset, { exportDir: join(folder, 'elsewhere') }).catch((error) => error);
  expect(error.message).toContain(`${from} is missing`);
  expect(error.hint).toMatch(/^an export that moves media and was killed has them in .fiftyone-export/);
});
