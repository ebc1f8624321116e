import { Doc, decode, encode } from '../../src/bson/index.js';
import type { Snapshot } from './snapshot.js';

/** A snapshot without the times of changes. */
export function timeless({ collections, metadata }: Snapshot): Snapshot {
  const without = (bytes: Uint8Array) => encode(new Doc([...decode(bytes)].filter(([key]) => key !== 'last_modified_at')));
  return { metadata, collections: new Map([...collections].map(([name, docs]) => [name, docs.map(without)])) };
}
