import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Doc, decode, type ReadonlyDoc } from '../../bson/index.js';
import { jsonToBson, UnreadableError } from '../../bson/read-json.js';
import { ImportError } from '../../errors.js';
import { archiveExtension } from '../layout.js';
import { modernMetadata } from '../legacy/legacy-metadata.js';
import type { LegacyDocumentsAt } from '../legacy/read-legacy.js';
import { noExport } from '../unfinished.js';
import { hasVideos } from './new-dataset.js';
import { RUN_FOLDERS, type RunKind } from './run-kinds.js';

/** Where an export has its samples, frames or temporal tags. */
export type DocumentsAt =
  | { readonly kind: 'file'; readonly path: string; readonly key: DocumentsKey }
  | { readonly kind: 'folder'; readonly path: string; readonly files: readonly string[] }
  | LegacyDocumentsAt;

/** The key of the list in a file of documents. */
export type DocumentsKey = 'samples' | 'frames' | 'tags';

/** What a folder that was exported has. */
export interface ExportFolder {
  /** Its path. */
  readonly path: string;
  readonly metadata: ReadonlyDoc;
  /** Whether it is a `LegacyFiftyOneDataset`; its metadata are those that a dataset of today has. */
  readonly isLegacy: boolean;
  readonly samples: DocumentsAt;
  readonly frames: DocumentsAt | undefined;
  readonly tags: DocumentsAt | undefined;
  /** The names of the media fields that have a folder. */
  readonly mediaFields: ReadonlySet<string>;
  /** The keys of the runs with results, by kind. */
  readonly results: ReadonlyMap<RunKind, ReadonlySet<string>>;
}

/** Looks what a folder has, and reads its metadata. @throws ImportError when it is no export, or parts are missing */
export async function openExport(path: string): Promise<ExportFolder> {
  const isFolder = await isA(path, 'isDirectory');
  if (!isFolder) {
    const isArchive = (await isA(path, 'isFile')) && archiveExtension(path) !== undefined;
    throw new ImportError(
      path,
      [(await isA(path, 'isFile')) ? 'it is no folder' : 'there is no such folder'],
      isArchive
        ? 'it is an archive: give it as archivePath (Dataset.fromArchive)'
        : 'give the folder into which the dataset was exported',
    );
  }
  const samples = await documentsAt(path, 'samples');
  const found = await readMetadata(path);
  const isLegacy = !found.has('version');
  const metadata = isLegacy ? modern(path, found) : found;
  if (samples === undefined) {
    throw await noExport(path, 'it has neither samples.json nor a folder samples', 'the export is not complete: export it again');
  }
  const results = new Map<RunKind, ReadonlySet<string>>();
  for (const [kind, folder] of RUN_FOLDERS) {
    const names = (await namesIn(join(path, folder))).filter((name) => name.endsWith('.json'));
    results.set(kind, new Set(names.map((name) => name.slice(0, -'.json'.length))));
  }
  return {
    path,
    metadata,
    isLegacy,
    samples: isLegacy ? { kind: 'legacy', path, what: 'samples' } : samples,
    frames: isLegacy ? legacyFrames(path, metadata) : await documentsAt(path, 'frames'),
    tags: await documentsAt(path, 'tags'),
    mediaFields: new Set(await namesIn(join(path, 'fields'))),
    results,
  };
}

async function readMetadata(path: string): Promise<Doc> {
  const file = join(path, 'metadata.json');
  let text: Buffer;
  try {
    text = await readFile(file);
  } catch (error) {
    if (!isMissing(error)) throw error;
    throw await noExport(path, 'it has no metadata.json', 'give the folder into which the dataset was exported');
  }
  try {
    return decode(jsonToBson(text));
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error;
    throw new ImportError(path, [`metadata.json: ${error.message}`], 'the export is damaged: export it again');
  }
}

function modern(path: string, metadata: Doc): Doc {
  try {
    return modernMetadata(metadata);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new ImportError(path, [`metadata.json: ${error.message}`], 'the export is damaged: export it again');
  }
}

function legacyFrames(path: string, metadata: ReadonlyDoc): DocumentsAt | undefined {
  return hasVideos(metadata) ? { kind: 'legacy', path, what: 'frames' } : undefined;
}

async function documentsAt(path: string, key: DocumentsKey): Promise<DocumentsAt | undefined> {
  const file = join(path, `${key}.json`);
  if (await isA(file, 'isFile')) return { kind: 'file', path: file, key };
  const folder = join(path, key);
  if (key === 'tags' || !(await isA(folder, 'isDirectory'))) return undefined;
  const names = (await readdir(folder)).filter((name) => name.endsWith('.json') && !name.startsWith('.'));
  return { kind: 'folder', path: folder, files: names.sort(byCodePoint) };
}

function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).filter((name) => !name.startsWith('.'));
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

async function isA(path: string, kind: 'isFile' | 'isDirectory'): Promise<boolean> {
  try {
    return (await stat(path))[kind]();
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
}
