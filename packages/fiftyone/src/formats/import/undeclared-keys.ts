import { valueEnd } from '../../bson/value-end.js';

/** A key that documents have and their schema does not declare. */
export interface Undeclared {
  readonly key: string;
  /** How many documents have it. */
  count: number;
  /** How many documents came before the first that has it. */
  readonly first: number;
}

/** Finds keys that a schema does not declare: no client of FiftyOne can read documents that have any. */
export class UndeclaredKeys {
  readonly #declared: ReadonlySet<string>;
  readonly #found = new Map<string, Undeclared>();
  #documents = 0;

  constructor(declared: Iterable<string>) {
    // bytes as characters, so that nothing has to be decoded to be compared
    this.#declared = new Set([...declared].map((key) => Buffer.from(key).toString('latin1')));
  }

  /** Looks at the keys of a document. */
  look(doc: Buffer): void {
    const end = doc.length - 1;
    for (let at = 4; at < end; ) {
      let keyEnd = at + 1;
      while (doc[keyEnd] !== 0) keyEnd++;
      const key = doc.toString('latin1', at + 1, keyEnd);
      if (!this.#declared.has(key)) this.#note(key);
      at = valueEnd(doc, doc[at] as number, keyEnd + 1, end);
    }
    this.#documents++;
  }

  found(): Undeclared[] {
    return [...this.#found.values()];
  }

  #note(bytes: string): void {
    const found = this.#found.get(bytes);
    if (found) found.count++;
    else this.#found.set(bytes, { key: Buffer.from(bytes, 'latin1').toString(), count: 1, first: this.#documents });
  }
}
