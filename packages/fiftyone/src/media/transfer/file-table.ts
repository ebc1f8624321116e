import { HashIndex, hashOf } from './hash-index.js';
import { LONGEST_TEXT, TextArena } from './text-arena.js';

/** What is to become of a file, or became of it. */
export const State = {
  /** Not decided yet. */
  open: 0,
  /** To be sent to a key where nothing is. */
  send: 1,
  /** To be sent in place of what is at the key. */
  replace: 2,
  /** To be sent under another name than was wanted. */
  rename: 3,
  /** The same content is there. */
  there: 4,
  /** Not sent, because of a collision. */
  skip: 5,
  /** Cannot be sent. */
  fail: 6,
  /** Part of a collision that nobody decided about. */
  collide: 7,
} as const;

/** Files to send, in columns: about 80 bytes for each, and names. The rows are numbered from 0 in the order in which they came. */
export class FileTable {
  #length = 0;
  readonly #rows = new HashIndex();
  readonly #names = new TextArena();
  readonly #folders: string[] = [];
  readonly #folderNumbers = new Map<string, number>();
  /** Folder and name of the source, folder and name of the target as wanted, name of the target as it is to be. */
  #paths = new Uint32Array(5 * 1024);
  #sizes = new Float64Array(1024);
  #modified = new Float64Array(1024);
  #states = new Uint8Array(1024);
  /** Numbers of texts. */
  #versions = new Uint32Array(1024);
  #twins = new Uint32Array(1024);
  /** Why files cannot be sent: few texts, once each. */
  readonly #reasons = new Map<string, number>();

  get length(): number {
    return this.#length;
  }

  /** The rows that are in a state, in order. */
  *rows(state: number, filter: (row: number) => boolean = () => true): Generator<number> {
    for (let row = 0; row < this.#length; row++) if (this.#states[row] === state && filter(row)) yield row;
  }

  find(from: string, to: string): number | undefined {
    return this.#rows.find(hashOf(`${from}\0${to}`), (row) => this.from(row) === from && this.wanted(row) === to);
  }

  /** The row of a file, which may be there already. */
  add(from: string, to: string): number {
    const known = this.find(from, to);
    if (known !== undefined) return known;
    const row = this.#length++;
    if (row === this.#sizes.length) this.#grow();
    const [folder, name] = this.#split(from);
    const [targetFolder, targetName] = this.#split(to);
    const number = this.#names.add(name);
    const target = name === targetName ? number : this.#names.add(targetName);
    this.#paths.set([folder, number, targetFolder, target, target], 5 * row);
    this.#rows.add(hashOf(`${from}\0${to}`), row);
    return row;
  }

  from(row: number): string {
    return this.#path(5 * row, 5 * row + 1);
  }

  /** Where it was to go. */
  wanted(row: number): string {
    return this.#path(5 * row + 2, 5 * row + 3);
  }

  /** Where it goes. */
  to(row: number): string {
    return this.#path(5 * row + 2, 5 * row + 4);
  }

  /** Gives it another name in the same folder. */
  rename(row: number, name: string): void {
    this.#paths[5 * row + 4] = this.#names.add(name);
  }

  isRenamed(row: number): boolean {
    return this.#paths[5 * row + 3] !== this.#paths[5 * row + 4];
  }

  size(row: number): number {
    return this.#sizes[row] as number;
  }

  /** When it was written last, in milliseconds. */
  modified(row: number): number {
    return this.#modified[row] as number;
  }

  describe(row: number, size: number, modified: number): void {
    this.#sizes[row] = size;
    this.#modified[row] = modified;
  }

  state(row: number): number {
    return this.#states[row] as number;
  }

  decide(row: number, state: number): void {
    this.#states[row] = state;
  }

  fail(row: number, reason: string): void {
    const from = this.from(row);
    const text = reason.startsWith(from) ? `\0${reason.slice(from.length)}` : reason;
    const number = this.#reasons.get(text) ?? this.#names.add(text.slice(0, 10_000));
    if (this.#reasons.size < 1000) this.#reasons.set(text, number);
    this.#states[row] = State.fail;
    this.#versions[row] = number;
  }

  /** Why it cannot be sent. */
  reason(row: number): string | undefined {
    if (this.#states[row] !== State.fail) return undefined;
    return this.#names.get(this.#versions[row] as number).replace(/^\0/, () => this.from(row));
  }

  /** What is at the target: the only version that may be replaced. */
  version(row: number): string | undefined {
    const number = this.#versions[row] as number;
    return number === 0 || this.#states[row] === State.fail ? undefined : this.#names.get(number);
  }

  setVersion(row: number, version: string | undefined): void {
    this.#versions[row] = version === undefined ? 0 : this.#names.add(version);
  }

  /** Another row with the same content and the same target, which is sent for both. */
  twin(row: number): number | undefined {
    const twin = this.#twins[row] as number;
    return twin === 0 ? undefined : twin - 1;
  }

  setTwin(row: number, twin: number): void {
    this.#twins[row] = twin + 1;
  }

  #split(path: string): [folder: number, name: string] {
    const end = path.lastIndexOf('/') + 1;
    const isLong = Buffer.byteLength(path) - end > LONGEST_TEXT;
    const folder = isLong ? path : path.slice(0, end);
    let number = this.#folderNumbers.get(folder);
    if (number === undefined) {
      number = this.#folders.push(folder) - 1;
      this.#folderNumbers.set(folder, number);
    }
    return [number, isLong ? '' : path.slice(end)];
  }

  #path(folder: number, name: number): string {
    return `${this.#folders[this.#paths[folder] as number]}${this.#names.get(this.#paths[name] as number)}`;
  }

  #grow(): void {
    this.#paths = twice(this.#paths, Uint32Array);
    this.#sizes = twice(this.#sizes, Float64Array);
    this.#modified = twice(this.#modified, Float64Array);
    this.#states = twice(this.#states, Uint8Array);
    this.#versions = twice(this.#versions, Uint32Array);
    this.#twins = twice(this.#twins, Uint32Array);
  }
}

type Column = Uint8Array | Uint32Array | Float64Array;

function twice<T extends Column>(column: T, make: new (length: number) => T): T {
  const larger = new make(column.length * 2);
  larger.set(column);
  return larger;
}
