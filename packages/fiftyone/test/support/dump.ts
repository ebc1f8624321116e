import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { list } from 'tar';
import { Doc, parseEjsonDoc } from '../../src/bson/index.js';
import type { Window } from './normalise.js';
import type { CollectionMetadata, Snapshot } from './snapshot.js';

/** A database as it was recorded. */
export interface Dump extends Snapshot {
  /** When the run of the real client took place that led to it; an input has none. */
  readonly window: Window | undefined;
}

const archives = new Map<string, Promise<Map<string, Buffer>>>();

/**
 * Reads a recorded database, in mongodump's layout, from `fixtures`.
 *
 * @param spec `databases/0.14.3-main`, or for one state of a chain `chains/chain-down-1.22.1:07-0.18.0`
 */
export async function readDump(spec: string): Promise<Dump> {
  const [archive, step] = spec.split(':') as [string, string?];
  const top = `${basename(archive)}/${step === undefined ? '' : `${step}/`}`;
  const files = new Map(
    [...(await readArchive(archive))].flatMap(([path, data]) => (path.startsWith(top) ? [[path.slice(top.length), data]] : [])),
  );
  const collections = new Map<string, Uint8Array[]>();
  const metadata = new Map<string, CollectionMetadata>();
  for (const [path, data] of files) {
    if (!path.startsWith('fiftyone/') || !path.endsWith('.metadata.json')) continue;
    const found = parseEjsonDoc(data.toString('utf8'));
    const name = found.get('collectionName') as string;
    collections.set(name, documentsOf(files.get(path.replace(/metadata\.json$/, 'bson')) ?? Buffer.alloc(0)));
    metadata.set(name, {
      options: (found.get('options') as Doc | undefined) ?? new Doc(),
      indexes: found.get('indexes') as Doc[],
    });
  }
  if (collections.size === 0) throw new Error(`no such recorded database: ${spec}`);
  const run = files.get('run.json');
  return { collections, metadata, window: run && windowOf(JSON.parse(run.toString('utf8'))) };
}

function windowOf(run: { first_ms: number; last_ms: number }): Window {
  return { first: run.first_ms, last: run.last_ms };
}

/** The names of a chain's states, in order. */
export async function stepsOf(archive: string): Promise<string[]> {
  return [...new Set([...(await readArchive(archive)).keys()].map((path) => path.split('/')[1] as string))].sort();
}

function documentsOf(data: Buffer): Uint8Array[] {
  const documents: Uint8Array[] = [];
  for (let at = 0; at < data.length; ) {
    const end = at + data.readInt32LE(at);
    documents.push(data.subarray(at, end));
    at = end;
  }
  return documents;
}

function readArchive(archive: string): Promise<Map<string, Buffer>> {
  let files = archives.get(archive);
  if (files === undefined) {
    files = unpack(fileURLToPath(new URL(`../fixtures/${archive}.tar.gz`, import.meta.url)));
    archives.set(archive, files);
  }
  return files;
}

async function unpack(file: string): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  await list({
    file,
    onReadEntry: (entry) => {
      const chunks: Buffer[] = [];
      entry.on('data', (chunk) => chunks.push(chunk));
      entry.on('end', () => files.set(entry.path, Buffer.concat(chunks)));
    },
  });
  return files;
}
