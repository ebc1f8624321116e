import type { StoreAndKey } from '../open-stores.js';
import { withFile } from '../source.js';
import { pathIn } from '../store.js';

/** The text of a small file of any store. @throws StoreError */
export async function readText({ store, key }: StoreAndKey): Promise<string> {
  if (store.isLocal) return await withFile(pathIn(store, key), async ({ size, read }) => `${await read(0, size)}`);
  const pieces: Uint8Array[] = [];
  for await (const piece of store.read(key)) pieces.push(piece);
  return `${Buffer.concat(pieces)}`;
}
