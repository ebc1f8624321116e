import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { extract } from 'tar';
import { onTestFinished } from 'vitest';
import { type Doc, encode, parseEjsonDoc } from '../../src/bson/index.js';
import type { Snapshot } from './snapshot.js';

/** A folder that is deleted when the test ends. @param disk where it is; among temporary files by default */
export async function temporaryFolder(disk = tmpdir()): Promise<string> {
  const folder = await mkdtemp(join(disk, 'fiftyone-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Unpacks the recorded exports of a dataset into a temporary folder. @param name for example `thumbs` */
export async function recordedExport(name: string): Promise<string> {
  const folder = await temporaryFolder();
  await extract({ file: fileURLToPath(new URL(`../fixtures/exports/${name}.tar.gz`, import.meta.url)), cwd: folder });
  return join(folder, name);
}

/** Reads a recorded database, without its indexes. @param text of a `*.dump.json` */
export function parseDump(text: string): Snapshot {
  const collections = [...parseEjsonDoc(text)].map(
    ([name, content]) => [name, ((content as Doc).get('docs') as Doc[]).map(encode)] as const,
  );
  return { collections: new Map(collections), metadata: new Map() };
}

/** The files below a folder, by their path within it. */
export async function filesIn(folder: string): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) continue;
    const path = join(entry.parentPath, entry.name);
    files.set(path.slice(folder.length + 1), await readFile(path));
  }
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)));
}
