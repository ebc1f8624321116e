import { statfs } from 'node:fs/promises';
import type { Db, Document } from 'mongodb';
import type { Connection } from '../database/connection.js';
import { rawBatches } from '../database/raw-batches.js';
import { FiftyOneError } from '../errors.js';
import { atOnce } from '../media/at-once.js';
import { type Codec, type Compression, codecOf } from './compression.js';
import { unwrapped } from './unwrap.js';
import { merged, type Part, type What } from './what.js';

/** How large a backup will be. */
export interface Forecast {
  readonly documents: number;
  /** Without compression. */
  readonly bytes: number;
  /** On the disk. */
  readonly stored: number;
  readonly sizes: readonly PartSize[];
}

/** How large a part is, without compression. */
export interface PartSize {
  readonly part: Part;
  readonly documents: number;
  readonly bytes: number;
}

/** Of so many documents of the largest collections it is tried how well they compress. */
const LARGEST = 5;
const SAMPLE_DOCUMENTS = 1_000;

/** What the files of a collection need besides its documents: their metadata, and what a disk gives away at once. */
const PER_PART = 8_192;

/** How many commands are under way at once. */
const AT_ONCE = 8;

/** Says how large a backup will be, within 10 % as a rule. Default: compressed with gzip */
export async function forecastBackup({ db }: Connection, { parts }: What, compression: Compression = 'gzip'): Promise<Forecast> {
  return await forecast(db, merged(parts), codecOf(compression));
}

/** Says how large parts will be. What is in a collection the server knows; how well it compresses is tried on some of it. */
export async function forecast(db: Db, parts: readonly Part[], codec: Codec): Promise<Forecast> {
  const sizes: PartSize[] = [];
  await atOnce(parts, AT_ONCE, async (part) => void sizes.push({ part, ...(await sizeOf(db, part)) }));
  const largest = sizes
    .filter(({ bytes }) => bytes > 0)
    .sort((a, b) => b.bytes - a.bytes)
    .slice(0, LARGEST);
  let tried = 0;
  let became = 0;
  let weight = 0;
  for (const size of largest) {
    const [from, to] = await compressed(db, size, codec);
    if (from === 0) continue;
    tried += size.bytes;
    became += (size.bytes * to) / from;
    weight += from;
  }
  const documents = sum(sizes.map((size) => size.documents));
  const bytes = sum(sizes.map((size) => size.bytes));
  const ratio = weight === 0 ? 1 : became / tried;
  return { documents, bytes, stored: Math.ceil(bytes * ratio) + parts.length * PER_PART, sizes };
}

async function sizeOf(db: Db, { collection, filter }: Part): Promise<{ documents: number; bytes: number }> {
  const stages: Document[] =
    filter === undefined
      ? [{ $collStats: { storageStats: {} } }, { $group: group('$storageStats.count', '$storageStats.size') }]
      : [{ $match: filter }, { $group: group(1, { $bsonSize: '$$ROOT' }) }];
  try {
    const [found] = await db.collection(collection).aggregate(stages).toArray();
    return { documents: found?.documents ?? 0, bytes: found?.bytes ?? 0 };
  } catch (error) {
    // of views there is nothing to say, and nothing is stored; a collection may be gone since it was asked for
    if (NO_STATS.includes((error as { code?: unknown }).code)) return { documents: 0, bytes: 0 };
    throw error;
  }
}

/** The server's codes for stats of a view and of a collection that is missing. */
const NO_STATS: readonly unknown[] = [166, 26];

function group(documents: unknown, bytes: unknown): Document {
  return { _id: null, documents: { $sum: documents }, bytes: { $sum: bytes } };
}

/** @returns how many bytes were tried, and how many they became */
async function compressed(db: Db, { part, documents }: PartSize, codec: Codec): Promise<[number, number]> {
  const { collection, filter } = part;
  const size = Math.min(documents, SAMPLE_DOCUMENTS);
  const pipeline: Document[] = filter === undefined ? [{ $sample: { size } }] : [{ $match: filter }, { $limit: size }];
  let from = 0;
  let to = 0;
  for await (const batch of rawBatches(db, { collection, pipeline, batchSize: size })) {
    const { bytes } = unwrapped(batch);
    from += bytes.length;
    to += (await codec.compress(bytes)).length;
  }
  return [from, to];
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((all, number) => all + number, 0);
}

/** @throws FiftyOneError when a disk has less room than is needed */
export async function checkRoom(folder: string, needed: number, what: string): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const free = bavail * bsize;
  if (free >= needed) return;
  throw new FiftyOneError(`${what} needs about ${megabytes(needed)} in ${folder}, where ${megabytes(free)} are free`, {
    hint: 'make room, or choose a folder on another disk',
  });
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1_000_000).toLocaleString('en')} MB`;
}
