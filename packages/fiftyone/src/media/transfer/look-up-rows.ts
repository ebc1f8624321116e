import { type MediaStore, pathIn, type StoredObject } from '../store.js';
import type { StoreError } from '../store-error.js';
import { lookUp } from './look-up.js';
import type { Planning } from './planning.js';
import { rowsByPath } from './rows-by-path.js';
import { stopIfAsked } from './stop.js';

export interface RowsToLookUp {
  readonly rows: Iterable<number>;
  /** The path of a row to look at. */
  readonly pathOf: (row: number) => string;
  /** Gets a 1 for every row at whose path something is. */
  readonly seen: Uint8Array;
  readonly found: (row: number, object: StoredObject, store: MediaStore) => Promise<void>;
  /** Called for what cannot be asked for. Default: that ends it all */
  readonly failed?: (row: number, error: StoreError) => void;
}

/** Looks what is at paths of rows, in all the stores that they name. */
export async function lookUpRows(
  { files, places, options }: Planning,
  { rows, pathOf, seen, found, failed }: RowsToLookUp,
): Promise<void> {
  const { firsts, rowsOf } = rowsByPath(rows, (row) => places.normal(pathOf(row)), files.length);
  const stores = new Map<MediaStore, number>();
  for (const row of firsts) {
    const { store } = places.at(pathOf(row));
    stores.set(store, (stores.get(store) ?? 0) + 1);
  }
  for (const [store, count] of stores) {
    await lookUp(store, {
      count,
      keys: function* () {
        for (const row of firsts) {
          const at = places.at(pathOf(row));
          if (at.store === store) yield at.key;
        }
      },
      isOpen: (key) => rowsOf(pathIn(store, key)).every((row) => seen[row] === 0),
      found: async (object) => {
        stopIfAsked(options.signal);
        for (const row of rowsOf(pathIn(store, object.key))) {
          if (seen[row] === 1) continue;
          seen[row] = 1;
          await found(row, object, store);
        }
      },
      failed:
        failed &&
        ((key, error) => {
          for (const row of rowsOf(pathIn(store, key))) failed(row, error);
        }),
    });
  }
}
