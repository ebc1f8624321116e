import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { LockedError } from '../src/errors.js';
import { exportDataset } from '../src/formats/export/export-dataset.js';
import type { ExportOptions } from '../src/formats/export/export-options.js';
import { Staging } from '../src/formats/export/staging.js';
import { type MediaDataset, makeFile, mediaDataset } from './support/media-dataset.js';
import { mortal } from './support/mortal.js';
import { mortalFiles } from './support/mortal-files.js';
import { filesIn, temporaryFolder } from './support/recorded-export.js';

interface Journey {
  readonly what: string;
  readonly options: Omit<ExportOptions, 'exportDir'>;
  /** Whether there is an export in the folder already. */
  readonly isThere?: boolean;
  readonly to?: string;
}

const JOURNEYS: readonly Journey[] = [
  { what: 'a new export', options: {} },
  { what: 'an export beside another one', options: {}, isThere: true },
  { what: 'an export that replaces another one', options: { overwrite: true }, isThere: true },
  { what: 'an export with a file per sample', options: { useDirs: true, exportMedia: false } },
  { what: 'an export that moves media', options: { exportMedia: 'move' } },
  { what: 'an export that moves media beside another one', options: { exportMedia: 'move' }, isThere: true },
  { what: 'an archive', options: { overwrite: true }, to: 'export.tar' },
];

const MEMORY = '/dev/shm';

/** A dataset with three files, and an export of it that can be begun again and again. */
class Exports {
  readonly exportDir: string;

  private constructor(
    readonly folder: string,
    readonly made: MediaDataset,
    readonly journey: Journey,
    readonly paths: readonly string[],
  ) {
    this.exportDir = join(folder, journey.to ?? 'export');
  }

  static async of(journey: Journey): Promise<Exports> {
    // all that is written is waited for, which takes a disk long
    const folder = await temporaryFolder(existsSync(MEMORY) ? MEMORY : undefined);
    const paths = ['a/1.png', 'a/2.png', 'b/1.png'].map((name) => join(folder, 'media', name));
    return new Exports(folder, await mediaDataset({ samples: paths.map((filepath) => ({ filepath })) }), journey, paths);
  }

  get #samples() {
    return this.made.database.db.collection(String(this.made.dataset.doc.get('sample_collection_name')));
  }

  /** Makes all what it is before the export. */
  async begin(): Promise<void> {
    const stored = await this.#samples.find().sort({ _id: 1 }).toArray();
    await this.#samples.deleteMany({});
    await this.#samples.insertMany(stored.map(({ _id }, i) => ({ _id, filepath: this.paths[i] })));
    await rm(this.folder, { recursive: true, force: true });
    for (const path of this.paths) await makeFile(path);
    const old = this.journey.isThere ? ['data/1.png', 'samples.json', 'notes.txt'] : [];
    for (const name of old) await makeFile(join(this.exportDir, name), 'old');
  }

  async run(): Promise<void> {
    await exportDataset(this.made.dataset, { ...this.journey.options, exportDir: this.exportDir });
  }

  /** All files, and where the samples think that theirs are; without when. */
  async state() {
    const samples = await this.#samples.find().sort({ _id: 1 }).toArray();
    const files = [...(await filesIn(this.folder))].map(([path, content]) => [
      path,
      path.endsWith('.tar') ? 'an archive' : content.toString().replace(/, "last_modified_at": {[^}]*}/g, ''),
    ]);
    return { files, paths: samples.map(({ filepath }) => filepath) };
  }

  /** What must not be after any death. */
  async lost(): Promise<string[]> {
    const contents = [...(await filesIn(this.folder)).values()].map(String);
    const isMade = existsSync(join(this.exportDir, 'metadata.json'));
    const isOldGone = this.journey.isThere && !isMade && contents.filter((content) => content === 'old').length < 3;
    return [...this.paths.filter((path) => !contents.includes(path)), ...(isOldGone ? ['the old export'] : [])];
  }

  /** The lock of a dead process has the number of a process that does not live; here it lives. */
  async bury(): Promise<void> {
    for (const folder of [this.exportDir, `${this.exportDir}.partial`]) {
      const lock = join(folder, '.fiftyone-export.lock');
      if (existsSync(lock)) await writeFile(lock, String(2 ** 30));
    }
  }
}

test.each(JOURNEYS)(
  '$what can die at every change to files, and the next one is as if it had not',
  async (journey) => {
    const exports = await Exports.of(journey);
    await exports.begin();
    const counting = mortalFiles();
    await exports.run();
    counting.revive();
    const expected = await exports.state();
    expect(counting.changes()).toBeGreaterThan(8);
    for (const last of ['undone', 'unheard'] as const) {
      for (let n = 1; n <= counting.changes(); n++) {
        await exports.begin();
        const life = mortalFiles(n, last);
        await exports.run().catch(() => {});
        life.revive();
        await exports.bury();
        const place = `died at change ${n}, ${last}`;
        expect(life.died(), place).toBe(true);
        expect(await exports.lost(), place).toEqual([]);
        await exports.run();
        expect(await exports.state(), place).toEqual(expected);
      }
    }
  },
  240_000,
);

test('an export that moves media can die at every command to the server', async () => {
  const exports = await Exports.of({ what: 'move', options: { exportMedia: 'move' } });
  const { name } = exports.made.database;
  await exports.begin();
  const counting = mortal(name);
  await exports.run();
  await counting.settled();
  const expected = await exports.state();
  for (let n = 1; n <= counting.commands(); n++) {
    await exports.begin();
    const life = mortal(name, n, n % 2 === 0 ? 'unsent' : 'unheard');
    await exports.run().catch(() => {});
    await life.settled();
    expect(await exports.lost(), `died at command ${n}`).toEqual([]);
    await exports.run();
    expect(await exports.state(), `died at command ${n}`).toEqual(expected);
  }
});

test.each([{ overwrite: true }, { exportMedia: 'move' }] as const)(
  'an export that is stopped leaves all as it was: %o',
  async (options) => {
    const exports = await Exports.of({ what: '', options, isThere: true });
    await exports.begin();
    const before = await exports.state();
    const stop = new AbortController();
    const onProgress = ({ what }: { what: string }) => what === 'Exporting media' && stop.abort();
    const run = exportDataset(exports.made.dataset, {
      ...options,
      exportDir: exports.exportDir,
      onProgress,
      signal: stop.signal,
    });
    await expect(run).rejects.toThrow('stopped');
    expect(await exports.state()).toEqual(before);
  },
);

test('without a server an export leaves all as it was, and says what to do', async () => {
  const exports = await Exports.of({ what: '', options: { exportMedia: 'move' } });
  await exports.begin();
  const onProgress = ({ what }: { what: string }) => what === 'Checking media' && void exports.made.connection.client.close(true);
  const error = await exportDataset(exports.made.dataset, {
    exportMedia: 'move',
    exportDir: exports.exportDir,
    onProgress,
  }).catch((error) => error);
  expect(error.message).toContain(`the export into ${exports.exportDir} ended`);
  expect(error.hint).toContain('what was written is removed, and nothing else has changed');
  expect(await exports.lost()).toEqual([]);
  expect(await readdir(exports.folder)).toEqual(['media']);
});

/** Whether this user may make a file system of a given size. */
function smallDisk(folder: string, megabytes: number): boolean {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', folder], { stdio: 'pipe' });
    onTestFinished(() => void execFileSync('umount', ['-l', folder]));
    return true;
  } catch {
    return false;
  }
}

test.each([true, 'move'] as const)('a full disk is named, and nothing is left on it: media %s', async (exportMedia) => {
  const [folder, disk] = [await temporaryFolder(), await temporaryFolder()];
  if (!smallDisk(disk, 2)) return;
  const paths = await Promise.all(['a', 'b', 'c'].map((name) => makeFile(join(folder, `${name}.png`), name.repeat(900_000))));
  const { dataset } = await mediaDataset({ samples: paths.map((filepath) => ({ filepath })) });
  await makeFile(join(disk, 'export/samples.json'), 'old');
  const error = await exportDataset(dataset, { exportDir: join(disk, 'export'), exportMedia, overwrite: true }).catch(
    (error) => error,
  );
  expect(error.message).toBe(`the disk of ${join(disk, 'export')} is full`);
  expect(error.hint).toContain('make room');
  expect(await readdir(join(disk, 'export'))).toEqual(['samples.json']);
  expect([...(await filesIn(folder)).keys()]).toEqual(['a.png', 'b.png', 'c.png']);
});

test('while somebody exports into a folder nobody else does', async () => {
  const exports = await Exports.of({ what: '', options: {} });
  await exports.begin();
  const first = await Staging.begin(exports.exportDir, async () => {});
  await expect(exports.run()).rejects.toThrow(LockedError);
  await makeFile(join(exports.exportDir, 'data/1.png'), 'of the first');
  await first.remove();
  await exports.run();
  const names = [...(await filesIn(exports.exportDir)).keys()];
  expect(names).toEqual(['data/1-2.png', 'data/1-3.png', 'data/1.png', 'data/2.png', 'metadata.json', 'samples.json']);
});

test('an export on another host is respected while it shows that it lives, and undone when it has not for long', async () => {
  const exports = await Exports.of({ what: '', options: {} });
  await exports.begin();
  const staging = join(exports.exportDir, '.fiftyone-export');
  const owner = await makeFile(join(staging, 'owner.json'), JSON.stringify({ pid: 1, host: 'elsewhere.example' }));
  const moved = {
    from: join(exports.folder, 'media/moved.png'),
    to: join(staging, 'files/data/moved.png'),
    becomes: 'data/moved.png',
  };
  await makeFile(moved.to, 'moved');
  await makeFile(join(staging, 'moves.jsonl'), `${JSON.stringify(moved)}\n{"from": "cut o`);
  await expect(exports.run()).rejects.toThrow('process 1 on elsewhere.example is exporting into');
  const longAgo = new Date(Date.now() - 11 * 60_000);
  await utimes(owner, longAgo, longAgo);
  await exports.run();
  expect(await readFile(moved.from, 'utf8')).toBe('moved');
  expect((await readdir(exports.exportDir)).sort()).toEqual(['data', 'metadata.json', 'samples.json']);
});

test('a file that came to the place of a moved one meanwhile stops the undoing, and neither is lost', async () => {
  const exports = await Exports.of({ what: '', options: {} });
  await exports.begin();
  const staging = join(exports.exportDir, '.fiftyone-export');
  const from = await makeFile(join(exports.folder, 'media/moved.png'), 'a new one');
  const to = await makeFile(join(staging, 'files/data/moved.png'), 'moved');
  await makeFile(join(staging, 'moves.jsonl'), `${JSON.stringify({ from, to, becomes: 'data/moved.png' })}\n`);
  await expect(exports.run()).rejects.toThrow(`${from} was moved to ${to} by an export that did not end`);
  expect(await readFile(from, 'utf8')).toBe('a new one');
  expect(await readFile(to, 'utf8')).toBe('moved');
});
