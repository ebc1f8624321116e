import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { extract } from 'tar';
import { onTestFinished } from 'vitest';
import { Doc, encode, parseEjsonDoc, type Value } from '../../src/bson/index.js';
import type { CollectionMetadata, Snapshot } from './snapshot.js';

/** Recorded exports of the real client, by the dataset that was exported; see fixtures/exports/README.md. */
export const RECORDED_EXPORTS: Readonly<Record<string, readonly string[]>> = {
  image_all_labels: ['copy', 'labels_only', 'reldir', 'labels_reldir'],
  primitives: ['labels_only', 'use_dirs', 'use_dirs_unordered'],
  video_frames: ['copy', 'use_dirs', 'legacy'],
  group_mixed: ['copy', 'labels_only'],
  views_runs: ['copy', 'labels_only', 'noextras', 'legacy'],
  threed: ['copy', 'labels_only'],
  empty: ['copy', 'labels_only'],
  empty_schema: ['labels_only'],
  unicode_names: ['copy', 'labels_only'],
  custom_embedded: ['labels_only'],
  thumbs: ['copy', 'chunked', 'reldir'],
};

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

/** Reads a recorded database. @param text of a `*.dump.json` */
export function parseDump(text: string): Snapshot {
  const collections = new Map<string, Uint8Array[]>();
  const metadata = new Map<string, CollectionMetadata>();
  for (const [name, found] of parseEjsonDoc(text)) {
    collections.set(name, ((found as Doc).get('docs') as Doc[]).map(encode));
    const indexes = ((found as Doc).get('indexes') as Doc[]).map((index) =>
      new Doc(index).set('key', new Doc(index.get('key') as [string, Value][])),
    );
    metadata.set(name, { options: new Doc(), indexes });
  }
  return { collections, metadata };
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

/** The text of a recorded database without what saved views remember of datasets that were generated for them: they belong to another dataset. */
export function withoutStates(text: string): string {
  return text.replace(/(\[\\"_state\\", )\{(?:[^{}]|\{\})*\}\]/g, '$1null]');
}
