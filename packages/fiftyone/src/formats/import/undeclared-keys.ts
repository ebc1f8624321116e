import { Doc, decode, type Value } from '../../bson/index.js';
import { valueEnd } from '../../bson/value-end.js';
import { classSchema, documentType, type FieldType, InvalidValueError, inferType, mergeType } from '../../fields/index.js';

/** A key that documents have and their schema does not declare. */
export interface Undeclared {
  readonly key: string;
  /** How many documents have it. */
  count: number;
  /** How many documents came before the first that has it. */
  readonly first: number;
  /** The type of all its values, if one field can hold them. */
  type: FieldType | undefined;
  /** Why no field can hold its values. */
  problem: string | undefined;
}

/** Names that fields can have. Ids are stored under other names than their fields'. */
const NAME = /^[^_$.][^$.]*$/;

/** Finds keys that a schema does not declare: no client of FiftyOne can read documents that have any. */
export class UndeclaredKeys {
  readonly #declared: ReadonlySet<string>;
  readonly #found = new Map<string, Undeclared>();
  #documents = 0;
  /** Declared keys, each in the place that it had in the last document: most often it has it in the next one too. */
  readonly #layout: Buffer[] = [];

  constructor(declared: Iterable<string>) {
    // bytes as characters, so that nothing has to be decoded to be compared
    this.#declared = new Set([...declared].map((key) => Buffer.from(key).toString('latin1')));
  }

  /** Looks at the keys of a document. */
  look(doc: Buffer): void {
    const end = doc.length - 1;
    for (let at = 4, i = 0; at < end; i++) {
      let keyEnd = at + 1;
      while (doc[keyEnd] !== 0) keyEnd++;
      if (!isAt(this.#layout[i], doc, at + 1, keyEnd)) this.#check(doc, i, at + 1, keyEnd);
      at = valueEnd(doc, doc[at] as number, keyEnd + 1, end);
    }
    this.#documents++;
  }

  #check(doc: Buffer, i: number, at: number, end: number): void {
    const key = doc.toString('latin1', at, end);
    if (this.#declared.has(key)) this.#layout[i] = Buffer.from(doc.subarray(at, end));
    else this.#note(key, doc);
  }

  found(): Undeclared[] {
    return [...this.#found.values()];
  }

  #note(bytes: string, doc: Buffer): void {
    const key = Buffer.from(bytes, 'latin1').toString();
    const problem = NAME.test(key) ? undefined : 'no field can have this name';
    const found = this.#found.get(bytes) ?? { key, count: 0, first: this.#documents, type: undefined, problem };
    this.#found.set(bytes, found);
    found.count++;
    if (found.problem !== undefined) return;
    try {
      found.type = mergeType(found.type, typeOf(decode(doc).get(key) ?? null, key), key);
      if (found.type?.ftype === 'ObjectIdField') found.problem = 'ids are stored under another name than that of their field';
    } catch (error) {
      if (!(error instanceof InvalidValueError)) throw error;
      found.problem = error.message;
    }
  }
}

function typeOf(value: Value, place: string): FieldType | undefined {
  const cls = value instanceof Doc ? value.get('_cls') : undefined;
  const schema = typeof cls === 'string' ? classSchema(cls) : undefined;
  return schema === undefined ? inferType([value], place) : documentType(schema.path, schema.attributes);
}

function isAt(key: Buffer | undefined, doc: Buffer, at: number, end: number): boolean {
  if (key === undefined || key.length !== end - at) return false;
  for (let i = 0; i < key.length; i++) if (key[i] !== doc[at + i]) return false;
  return true;
}
