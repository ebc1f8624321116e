import { readFile } from 'node:fs/promises';
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

/** Reads a recorded database. @param changed what its text is changed to first: ids and paths that are others here */
export async function readRecorded(file: string, changed: (text: string) => string = (text) => text): Promise<Snapshot> {
  const dump = parseEjsonDoc(changed(await readFile(file, 'utf8')));
  const collections = new Map<string, Uint8Array[]>();
  const metadata = new Map<string, CollectionMetadata>();
  for (const [name, found] of dump) {
    collections.set(name, ((found as Doc).get('docs') as Doc[]).map(encode));
    const indexes = ((found as Doc).get('indexes') as Doc[]).map((index) =>
      new Doc(index).set('key', new Doc(index.get('key') as [string, Value][])),
    );
    metadata.set(name, { options: new Doc(), indexes });
  }
  return { collections, metadata };
}

/** The text of a recorded database without what saved views remember of datasets that were generated for them: they belong to another dataset. */
export function withoutStates(text: string): string {
  return text.replace(/(\[\\"_state\\", )\{(?:[^{}]|\{\})*\}\]/g, '$1null]');
}
