import type { Db } from 'mongodb';
import { FiftyOneError } from '../errors.js';
import type { Item } from './restore-items.js';

/** Databases with less data than this say little about how well it compresses. */
const ENOUGH_BYTES = 10_000_000;

/** How well the server compresses documents at least, as a rule. */
const USUAL_RATIO = 0.4;

/**
 * Looks whether the disk of the server has room for what is restored beside what is there. Of a dump without a manifest nothing is
 * known.
 *
 * @throws FiftyOneError if it has not
 */
export async function checkServerRoom(db: Db, items: readonly Item[]): Promise<void> {
  const bytes = items.reduce((sum, { source }) => sum + (source.expected?.bytes ?? 0), 0);
  const { dataSize, storageSize, fsTotalSize, fsUsedSize } = await db.command({ dbStats: 1 });
  const ratio = dataSize > ENOUGH_BYTES ? storageSize / dataSize : USUAL_RATIO;
  const [needed, free] = [bytes * ratio, fsTotalSize - fsUsedSize];
  // not every server tells
  if (!(free < needed)) return;
  throw new FiftyOneError(
    `restoring needs about ${megabytes(needed)} on the disk of the server, where ${megabytes(free)} are free: it keeps what is there until all is restored`,
    { hint: 'make room there; nothing was changed' },
  );
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1_000_000).toLocaleString('en')} MB`;
}
