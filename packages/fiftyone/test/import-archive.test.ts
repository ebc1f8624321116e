import { createWriteStream } from 'node:fs';
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { create, Header } from 'tar';
import { expect, onTestFinished, test } from 'vitest';
import { ZipFile } from 'yazl';
import { extractArchive } from '../src/formats/import/archive.js';
import { reasonsToRefuse } from '../src/formats/import/archive-entries.js';
import { importDataset } from '../src/formats/import/import-dataset.js';
import { validateExport } from '../src/formats/validate/validate-export.js';
import { freshDatabase } from './support/fresh-database.js';
import { connectAsAdmin } from './support/migrated.js';
import { recordedExport } from './support/recorded-export.js';

async function folderFor(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'archive-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

async function zipOf(path: string, files: Readonly<Record<string, string>>, mode = 0o100644): Promise<void> {
  const zip = new ZipFile();
  for (const [name, content] of Object.entries(files)) zip.addBuffer(Buffer.from(content), name, { mode });
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(path));
}

/** An entry of a tar archive as an attacker writes it. */
function tarEntry(path: string, fields: object = {}, content = ''): Buffer {
  const block = Buffer.alloc(512);
  const header = new Header({ path, type: 'File', mode: 0o644, size: content.length, mtime: new Date(0), ...fields });
  header.encode(block, 0);
  return Buffer.concat([block, Buffer.from(content.padEnd(Math.ceil(content.length / 512) * 512, '\0'))]);
}

const END = Buffer.alloc(1024);

test.each(['.zip', '.tar', '.tar.gz', '.tgz'])('a %s archive is imported like its folder', async (extension) => {
  const exports = await recordedExport('group_mixed');
  const folder = await folderFor();
  const archive = join(folder, `copy${extension}`);
  if (extension === '.zip') {
    const zip = new ZipFile();
    for (const entry of await readdir(join(exports, 'copy'), { recursive: true, withFileTypes: true })) {
      const path = join(entry.parentPath, entry.name);
      if (entry.isFile()) zip.addFile(path, path.slice(exports.length + 1));
    }
    zip.end();
    await pipeline(zip.outputStream, createWriteStream(archive));
  } else await create({ file: archive, cwd: exports, gzip: extension !== '.tar' }, ['copy']);
  const database = await freshDatabase();
  const connection = await connectAsAdmin(database);
  const report = await importDataset(connection, { archivePath: archive, name: 'it', persistent: true });
  const again = await importDataset(connection, { archivePath: archive, name: 'again', persistent: true, cleanup: true });
  await connection.close();
  const there = JSON.parse(await readFile(join(exports, 'copy', 'samples.json'), 'utf8')).samples.length;
  expect([report.samples, again.samples]).toEqual([there, there]);
  expect(report.warnings).toEqual([]);
  expect(again.warnings).toEqual([]);
  expect(await readdir(folder), 'the archive is removed only when it was asked for').toEqual(['copy']);
  const sample = await database.db.collection(`samples.${report.id}`).findOne({ filepath: /png$/ });
  expect(sample?.filepath.startsWith(join(folder, 'copy', 'data'))).toBe(true);
});

const inTar: [string, Buffer, string][] = [
  ['../ in a name', tarEntry('x/../../evil.txt', {}, 'evil'), 'is outside of the archive'],
  ['an absolute name', tarEntry('/tmp/evil.txt', {}, 'evil'), 'is an absolute path'],
  [
    'a symlink to an absolute path',
    tarEntry('x/data', { type: 'SymbolicLink', linkpath: '/etc' }),
    'is a link to "/etc", outside of the archive',
  ],
  ['a symlink out of it', tarEntry('x/data', { type: 'SymbolicLink', linkpath: '../../..' }), 'outside of the archive'],
  ['a hard link out of it', tarEntry('x/data', { type: 'Link', linkpath: '../../etc/passwd' }), 'outside of the archive'],
  ['a device', tarEntry('x/data', { type: 'CharacterDevice' }), 'is neither a file nor a folder'],
];

test.each(inTar)('a tar archive with %s is refused before anything is extracted', async (_, entry, reason) => {
  const folder = await folderFor();
  const archive = join(folder, 'x.tar');
  await writeFile(archive, Buffer.concat([tarEntry('x/metadata.json', {}, '{}'), entry, END]));
  await expect(extractArchive(archive)).rejects.toThrow(reason);
  expect(await readdir(folder)).toEqual(['x.tar']);
});

test('a zip archive with a name outside of it is refused before anything is extracted', async () => {
  const folder = await folderFor();
  const archive = join(folder, 'x.zip');
  await zipOf(archive, { 'x/metadata.json': '{}', 'x/AA/BB/evil.txt': 'evil' });
  for (const name of ['x/../../evil.txt', '/tmp/xxxevil.txt']) {
    const bytes = await readFile(archive);
    await writeFile(archive, Buffer.from(bytes.toString('latin1').replaceAll('x/AA/BB/evil.txt', name), 'latin1'));
    await expect(extractArchive(archive)).rejects.toThrow(/is outside of the archive|is an absolute path/);
    expect(await readdir(folder)).toEqual(['x.zip']);
    await writeFile(archive, bytes);
  }
});

test('a zip archive with a symbolic link is refused', async () => {
  const folder = await folderFor();
  await zipOf(join(folder, 'x.zip'), { 'x/data': '/etc' }, 0o120777);
  await expect(extractArchive(join(folder, 'x.zip'))).rejects.toThrow('"x/data" is neither a file nor a folder');
});

test('an archive that would fill the disk is refused by what it says of itself', () => {
  const file = (size: number) => [{ name: 'x/samples.json', kind: 'file' as const, size }];
  expect(reasonsToRefuse(file(10_000), 100, 9_999)).toEqual(['it needs 10000 bytes on the disk, which has 9999 left']);
  expect(reasonsToRefuse(file(2 ** 31), 1_000_000, 2 ** 40)).toEqual(['its 1000000 bytes would become 2147483648']);
  expect(reasonsToRefuse(file(2 ** 31), 2 ** 25, 2 ** 40)).toEqual([]);
});

test('an archive that is cut off leaves nothing behind', async () => {
  const exports = await recordedExport('group_mixed');
  const folder = await folderFor();
  await create({ file: join(folder, 'copy.tar.gz'), cwd: exports, gzip: true }, ['copy']);
  const bytes = await readFile(join(folder, 'copy.tar.gz'));
  await writeFile(join(folder, 'copy.tar.gz'), bytes.subarray(0, bytes.length / 2));
  await expect(extractArchive(join(folder, 'copy.tar.gz'))).rejects.toThrow('is damaged');
  expect(await readdir(folder)).toEqual(['copy.tar.gz']);
});

test('what a dead process has extracted in part is not taken for the content', async () => {
  const exports = await recordedExport('group_mixed');
  const folder = await folderFor();
  await create({ file: join(folder, 'copy.tar'), cwd: exports }, ['copy']);
  await cp(join(exports, 'copy', 'data'), join(folder, 'copy.extracting-999999999', 'copy', 'data'), { recursive: true });
  const { folder: extracted, wasThere } = await extractArchive(join(folder, 'copy.tar'));
  expect(wasThere).toBe(false);
  expect(await readdir(extracted)).toContain('metadata.json');
  expect(await readdir(folder)).toEqual(['copy', 'copy.tar']);
});

test('an archive that holds another folder than its name says is imported if there is one', async () => {
  const exports = await recordedExport('group_mixed');
  const folder = await folderFor();
  await create({ file: join(folder, 'renamed.tar'), cwd: exports }, ['copy']);
  expect(await readdir((await extractArchive(join(folder, 'renamed.tar'))).folder)).toContain('metadata.json');
  await symlink('renamed.tar', join(folder, 'other.tar'));
  await create({ file: join(folder, 'none.tar'), cwd: exports }, ['copy/data']);
  await expect(extractArchive(join(folder, 'none.tar'))).rejects.toThrow("expected a folder 'none' with a metadata.json in it");
});

async function zipOfExport(
  name: string,
  archive: string,
  change: (name: string, bytes: Buffer) => Buffer | string = (_, b) => b,
) {
  const exports = await recordedExport(name);
  const zip = new ZipFile();
  for (const entry of await readdir(join(exports, 'copy'), { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile()) continue;
    const inZip = path.slice(exports.length + 1);
    zip.addBuffer(Buffer.from(change(inZip, await readFile(path))), inZip, { compress: false });
  }
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(archive));
}

test('a zip archive whose bytes have changed is refused, and so by validate', async () => {
  const folder = await folderFor();
  const archive = join(folder, 'x.zip');
  await zipOfExport('views_runs', archive);
  const text = (await readFile(archive)).toString('latin1');
  expect(text).toContain('"label": "cat"');
  await writeFile(archive, Buffer.from(text.replace('"label": "cat"', '"label": "dog"'), 'latin1'));
  const message = 'it is damaged: the checksum of "copy/samples.json" is wrong';
  await expect(extractArchive(archive)).rejects.toThrow(message);
  await expect(validateExport(archive)).rejects.toThrow(message);
  expect(await readdir(folder)).toEqual(['x.zip']);
});

test('a folder that is not from this archive as it is now is not taken for its content, and left alone', async () => {
  const exports = await recordedExport('group_mixed');
  const folder = await folderFor();
  const archive = join(folder, 'copy.tar');
  await create({ file: archive, cwd: exports }, ['copy']);
  expect((await extractArchive(archive)).wasThere).toBe(false);
  expect((await extractArchive(archive)).wasThere).toBe(true);
  const metadata = await readFile(join(folder, 'copy', 'metadata.json'));
  await create({ file: archive, cwd: exports, gzip: true }, ['copy']);
  await expect(extractArchive(archive)).rejects.toThrow(`${join(folder, 'copy')}, which is there already and is not from`);
  expect(await readFile(join(folder, 'copy', 'metadata.json'))).toEqual(metadata);
  await rm(join(folder, 'copy'), { recursive: true });
  await extractArchive(archive);
  await writeFile(join(folder, 'copy', 'samples.json'), '{"samples": []}');
  await expect(extractArchive(archive)).rejects.toThrow('is not from this archive');
});

test('an archive that cannot be imported leaves no folder that is in the way of a better one', async () => {
  const folder = await folderFor();
  const archive = join(folder, 'copy.zip');
  await zipOfExport('group_mixed', archive, (name, bytes) =>
    name.endsWith('samples.json') ? bytes.subarray(0, bytes.length / 2) : bytes,
  );
  const connection = await connectAsAdmin(await freshDatabase());
  await expect(importDataset(connection, { archivePath: archive })).rejects.toThrow('samples.json');
  expect(await readdir(folder)).toEqual(['copy.zip']);
  await zipOfExport('group_mixed', archive);
  expect((await importDataset(connection, { archivePath: archive })).samples).toBeGreaterThan(0);
  await connection.close();
});

test('a zip archive keeps a medium whose name has a backslash, and one of Windows its folders', async () => {
  const folder = await folderFor();
  const files = { 'metadata.json': '{}', 'data/a\\b.jpg': 'x' };
  const zip = async (name: string, pairs: [string, string][]) => {
    // the library turns `\\` into `/`, so it is put in afterwards
    await zipOf(join(folder, name), Object.fromEntries(pairs.map(([key, text]) => [key.replaceAll('\\', '#'), text])));
    const bytes = (await readFile(join(folder, name))).toString('latin1').replaceAll('#', '\\');
    await writeFile(join(folder, name), Buffer.from(bytes, 'latin1'));
  };
  await zip(
    'linux.zip',
    Object.entries(files).map(([key, text]) => [`linux/${key}`, text]),
  );
  await zip(
    'windows.zip',
    Object.entries(files).map(([key, text]) => [`windows\\${key.replaceAll('/', '\\')}`, text]),
  );
  expect(await readdir(join((await extractArchive(join(folder, 'linux.zip'))).folder, 'data'))).toEqual(['a\\b.jpg']);
  expect(await readdir(join((await extractArchive(join(folder, 'windows.zip'))).folder, 'data', 'a'))).toEqual(['b.jpg']);
});
