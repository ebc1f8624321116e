import { HashIndex, hashOf } from '../media/transfer/hash-index.js';
import { TextArena } from '../media/transfer/text-arena.js';

/** What is known of a file that is looked for. */
export interface ExpectedFile {
  readonly size: number | undefined;
  readonly checksum: string | undefined;
}

/** Very many different texts, each of which is found once; about 40 bytes for each, and its text. */
export class PathSet {
  readonly #texts = new TextArena();
  readonly #index = new HashIndex();
  /** By row: the number of the text, that of the checksum, and whether it was found. */
  #rows = new Uint32Array(3 * 1024);
  #sizes = new Float64Array(1024).fill(Number.NaN);
  size = 0;

  /** @returns whether it is new */
  add(text: string): boolean {
    if (this.#row(text) !== undefined) return false;
    const row = this.size++;
    if (row === this.#sizes.length) this.#grow();
    this.#rows[3 * row] = this.#texts.add(text);
    this.#index.add(hashOf(text), row);
    return true;
  }

  has(text: string): boolean {
    return this.#row(text) !== undefined;
  }

  /** Says what a file must be, if it is one of these. */
  expect(text: string, size: number, checksum: string | undefined): void {
    const row = this.#row(text);
    if (row === undefined) return;
    const isSame = this.#sizes[row] === size;
    this.#sizes[row] = size;
    // a file that was there already may have a checksum from an earlier line
    if (checksum !== undefined || !isSame) this.#rows[3 * row + 1] = checksum === undefined ? 0 : this.#texts.add(checksum);
  }

  /** Takes note that a file was found. @returns what it must be, undefined if it is none of these, or was found before */
  find(text: string): ExpectedFile | undefined {
    const row = this.#row(text);
    if (row === undefined || this.#rows[3 * row + 2] === 1) return undefined;
    this.#rows[3 * row + 2] = 1;
    const [size, checksum] = [this.#sizes[row] as number, this.#rows[3 * row + 1] as number];
    return { size: Number.isNaN(size) ? undefined : size, checksum: checksum === 0 ? undefined : this.#texts.get(checksum) };
  }

  isOpen(text: string): boolean {
    const row = this.#row(text);
    return row !== undefined && this.#rows[3 * row + 2] === 0;
  }

  /** Those that were not found yet. */
  *open(): Generator<string> {
    for (let row = 0; row < this.size; row++) {
      if (this.#rows[3 * row + 2] === 0) yield this.#texts.get(this.#rows[3 * row] as number);
    }
  }

  #row(text: string): number | undefined {
    return this.#index.find(hashOf(text), (row) => this.#texts.get(this.#rows[3 * row] as number) === text);
  }

  #grow(): void {
    const [rows, sizes] = [this.#rows, this.#sizes];
    this.#rows = new Uint32Array(2 * rows.length);
    this.#rows.set(rows);
    this.#sizes = new Float64Array(2 * sizes.length).fill(Number.NaN);
    this.#sizes.set(sizes);
  }
}
