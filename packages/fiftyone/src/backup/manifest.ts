import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FiftyOneError } from '../errors.js';
import type { Compression } from './compression.js';
import { DamagedFileError } from './damaged-file.js';
import { MANIFEST } from './layout.js';

/** The version of the manifest; newer ones are refused. */
export const FORMAT = 1;

/** What a backup is of: a whole database, datasets with all that belongs to them, or parts that somebody chose. */
export type Scope =
  | { readonly kind: 'database' }
  | { readonly kind: 'datasets'; readonly datasets: readonly { readonly id: string; readonly name: string }[] }
  | { readonly kind: 'parts' };

/** The versions of what is in a backup, as the database had them; null where it had none. */
export interface Versions {
  readonly database: string | null;
  readonly datasets: readonly { readonly id: string; readonly name: string; readonly version: string | null }[];
}

/** A collection, or some documents of it, in a backup. */
export interface BackedUp {
  readonly collection: string;
  readonly type: 'collection' | 'view';
  /** The filter of the documents, as Extended JSON. Without it all of them are there. */
  readonly filter?: unknown;
  /** The file of the documents, relative to the backup; views have none. */
  readonly file: string | null;
  readonly documents: number;
  /** Without compression. */
  readonly bytes: number;
  /** How many the file has. */
  readonly stored: number;
  /** Of the documents, one after the other without compression. */
  readonly sha256: string;
  /** The file of its options and indexes. */
  readonly metadata: string;
  readonly metadataSha256: string;
}

/** What a backup says of itself. */
export interface Manifest {
  readonly format: typeof FORMAT;
  readonly id: string;
  /** The run for which it was made, as the journal calls it. */
  readonly run: string | null;
  readonly tool: string;
  readonly server: string;
  readonly database: string;
  readonly scope: Scope;
  readonly versions: Versions;
  readonly compression: Compression;
  /** On the clock of this machine, ISO 8601. */
  readonly started: string;
  readonly ended: string;
  readonly collections: readonly BackedUp[];
}

/** A manifest as its file has it: with a checksum of its own. */
export function manifestText(manifest: Manifest): string {
  return `${JSON.stringify({ ...manifest, sha256: sha256(JSON.stringify(manifest)) }, null, 1)}\n`;
}

/** In hexadecimal digits. */
export function sha256(bytes: string | Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The manifest of a backup, or undefined if there is none. @throws DamagedFileError; FiftyOneError for one of a newer format */
export async function readManifest(folder: string): Promise<Manifest | undefined> {
  const path = join(folder, MANIFEST);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const { sha256: _, ...manifest } = parse(path, text);
  if (manifest.format > FORMAT) {
    throw new FiftyOneError(`the backup ${folder} was made by a newer release (${manifest.tool})`, {
      hint: 'use that release',
    });
  }
  if (manifestText(manifest) !== text) throw new DamagedFileError(path, 'its checksum is another one');
  return manifest;
}

function parse(path: string, text: string): Manifest & { readonly sha256: string } {
  try {
    return JSON.parse(text);
  } catch {
    throw new DamagedFileError(path, 'it is no JSON');
  }
}
