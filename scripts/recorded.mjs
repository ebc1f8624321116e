// The databases recorded from real clients, for scripts.
import { mkdtemp, rm } from 'node:fs/promises';
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
