import { HashIndex, hashOf } from './hash-index.js';

/** Rows of a table by a path, which several may have. */
export interface RowsByPath {
  /** A row for each path, in the order of the first ones. */
  readonly firsts: readonly number[];
  /** All rows with a path, in order. */
  rowsOf(path: string): number[];
}

/** @param length how many rows the table has */
export function rowsByPath(rows: Iterable<number>, pathOf: (row: number) => string, length: number): RowsByPath {
  const index = new HashIndex();
  const [next, last] = [new Uint32Array(length), new Uint32Array(length)];
  const firsts: number[] = [];
  const first = (path: string) => index.find(hashOf(path), (row) => pathOf(row) === path);
  for (const row of rows) {
    const path = pathOf(row);
    const head = first(path);
    if (head === undefined) {
      index.add(hashOf(path), row);
      firsts.push(row);
    } else next[last[head] as number] = row + 1;
    last[head ?? row] = row;
  }
  return {
    firsts,
    rowsOf: (path) => {
      const found: number[] = [];
      const head = first(path);
      for (let row = head === undefined ? 0 : head + 1; row !== 0; row = next[row - 1] as number) found.push(row - 1);
      return found;
    },
  };
}
