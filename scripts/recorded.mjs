// The databases recorded from real clients, for scripts.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Fills an empty database with a recorded one, e.g. `0.14.3-main`. @returns the number of documents */
export async function restoreRecorded(db, name) {
  const { extract } = await import('tar');
  const { restoreFolder } = await import('../packages/fiftyone/dist/backup/restore.js');
  const folder = await mkdtemp(join(tmpdir(), 'fiftyone-recorded-'));
  try {
    await extract({ file: `packages/fiftyone/test/fixtures/databases/${name}.tar.gz`, cwd: folder });
    return await restoreFolder(db, join(folder, name, 'fiftyone'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const EXPORTS = 'packages/fiftyone/test/fixtures/exports';

/** The names of the recorded databases from which the recorded exports were made. */
export async function sourceNames() {
  const files = await readdir(EXPORTS);
  return files.filter((file) => /^(?!migrations).*\.tar\.gz$/.test(file)).map((file) => file.slice(0, -'.tar.gz'.length));
}

/** Fills an empty database with one of them. */
export async function restoreSource(db, name) {
  const { extract } = await import('tar');
  const { parseEjsonDoc, encode } = await import('../packages/fiftyone/dist/bson/index.js');
  const { insertRaw, runRaw } = await import('../packages/fiftyone/dist/database/raw.js');
  const { Doc } = await import('../packages/fiftyone/dist/bson/index.js');
  const folder = await mkdtemp(join(tmpdir(), 'fiftyone-recorded-'));
  try {
    await extract({ file: `${EXPORTS}/${name}.tar.gz`, cwd: folder });
    const dump = parseEjsonDoc(await readFile(join(folder, name, 'source.dump.json'), 'utf8'));
    for (const [collection, content] of dump) {
      await runRaw(db, Doc.of(['create', collection]));
      await insertRaw(db, collection, content.get('docs').map(encode));
      const indexes = content
        .get('indexes')
        .filter((index) => index.get('name') !== '_id_')
        .map(indexOf);
      if (indexes.length > 0) await runRaw(db, Doc.of(['createIndexes', collection], ['indexes', indexes]));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** An index as the server wants it: the recorded key is a list of pairs. */
function indexOf(recorded) {
  const index = new Map(recorded);
  return new recorded.constructor(
    [...index].map(([key, value]) => (key === 'key' ? [key, new recorded.constructor(value)] : [key, value])),
  );
}
