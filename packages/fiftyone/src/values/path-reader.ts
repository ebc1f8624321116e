import { BsonType } from '../bson/index.js';
import { type BsonBytes, keyBytes } from './bson-bytes.js';
import type { FieldPath } from './field-path.js';
import type { Leaf } from './leaf.js';

/** What takes the place of a value that is not there. */
type Absence = 'nothing' | 'null' | 'missing';

/** Reads what is at a path of one document after the other. */
export class PathReader {
  readonly #keys: readonly Uint8Array[];
  readonly #unwound: readonly (readonly boolean[])[];
  readonly #last: number;
  readonly #absences: readonly (readonly Absence[])[];
  #bytes!: BsonBytes;

  /** @param missing what stands for null and for what is not there */
  constructor(
    path: FieldPath,
    readonly leaf: Leaf,
    readonly missing: unknown,
  ) {
    this.#keys = path.steps.map(({ key }) => keyBytes(key));
    this.#unwound = path.steps.map(({ unwound }) => unwound);
    this.#last = path.steps.length - 1;
    this.#absences = path.steps.map(({ unwound }, step) =>
      Array.from({ length: unwound.length + 1 }, (_, level) => absence(path, step, level)),
    );
  }

  /** Adds what the document at a position has to `out`: one value, or several where lists are unwound. */
  read(bytes: BsonBytes, document: number, out: unknown[]): void {
    this.#bytes = bytes;
    if (this.#last < 0) out.push(this.leaf(bytes, BsonType.document, document));
    else this.#below(-1, document, out);
  }

  #below(step: number, document: number, out: unknown[]): void {
    const bytes = this.#bytes;
    if (bytes.find(document, this.#keys[step + 1] as Uint8Array)) this.#value(step + 1, 0, bytes.type, bytes.at, out);
    else this.#absent(step + 1, 0, out);
  }

  #value(step: number, level: number, type: number, at: number, out: unknown[]): void {
    const unwound = this.#unwound[step] as readonly boolean[];
    if (type === BsonType.null || type === BsonType.undefined) this.#absent(step, level, out);
    else if (level < unwound.length && type === BsonType.array) this.#list(step, level, at, out);
    else if (step === this.#last) out.push(this.leaf(this.#bytes, type, at));
    else if (type === BsonType.document) this.#below(step, at, out);
    else if (type === BsonType.array) out.push(this.#through(step, at));
    else this.#absent(step + 1, 0, out);
  }

  #list(step: number, level: number, at: number, out: unknown[]): void {
    const unwound = this.#unwound[step] as readonly boolean[];
    const isUnwound = unwound[level] === true;
    const items: unknown[] = isUnwound ? out : [];
    this.#bytes.each(at, (itemType, itemAt) => this.#value(step, level + 1, itemType, itemAt, items));
    if (!isUnwound) out.push(items);
  }

  /** What the documents of a list have that no schema declares: as the server does it, those that have nothing are left out. */
  #through(step: number, list: number): unknown[] {
    const bytes = this.#bytes;
    const found: unknown[] = [];
    bytes.each(list, (type, at) => {
      if (type !== BsonType.document || !bytes.find(at, this.#keys[step + 1] as Uint8Array)) return;
      if (bytes.type === BsonType.array && step + 1 < this.#last) found.push(this.#through(step + 1, bytes.at));
      else if (bytes.type === BsonType.null) found.push(null);
      else if (step + 1 === this.#last) found.push(this.leaf(bytes, bytes.type, bytes.at));
      else if (bytes.type === BsonType.document) this.#below(step + 1, bytes.at, found);
    });
    return found;
  }

  #absent(step: number, level: number, out: unknown[]): void {
    const absence = (this.#absences[step] as readonly Absence[])[level];
    if (absence !== 'nothing') out.push(absence === 'null' ? null : this.missing);
  }
}

/** A list that is unwound has no items then; a list of lists, or of what has further values, is null; all else is missing. */
function absence({ steps }: FieldPath, step: number, level: number): Absence {
  for (let i = step; i < steps.length; i++) {
    const isUnwound = steps[i]?.unwound[i === step ? level : 0];
    if (isUnwound === true) return 'nothing';
    if (isUnwound === false) return i === steps.length - 1 ? 'missing' : 'null';
  }
  return 'missing';
}
