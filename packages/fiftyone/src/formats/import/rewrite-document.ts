import { BsonType, type Doc, decode, encode, type ObjectId } from '../../bson/index.js';

/** What is changed in every sample or frame that is imported. */
export interface Rewriting {
  readonly dataset: ObjectId;
  /** When it is imported, in milliseconds since 1970 UTC. */
  readonly now: number;
  /** The keys that the schema declares. */
  readonly declared: ReadonlySet<string>;
  /** The path of a sample's media file. */
  readonly filepath?: (given: string) => string;
  /** Tags that every sample gets in addition. */
  readonly tags?: readonly string[] | undefined;
  /** Changes the paths of other media; tells whether it did. */
  readonly media?: ((doc: Doc) => boolean) | undefined;
}

/** A key that documents have and the schema does not declare. */
export interface Undeclared {
  readonly key: string;
  count: number;
  /** How many documents came before the first that has it. */
  readonly first: number;
}

const SLASH = 0x2f;

/**
 * Gives documents the id of their dataset and new times, in their bytes. Most are changed in place, and only what gets longer
 * or shorter is put together anew.
 */
export class DocumentRewriter {
  /** Keys that were not declared. */
  readonly undeclared = new Map<string, Undeclared>();
  #documents = 0;
  readonly #declared: ReadonlySet<string>;
  readonly #id: Buffer;
  readonly #time = Buffer.alloc(8);

  constructor(readonly rewriting: Rewriting) {
    // bytes as characters, so that nothing has to be decoded to be compared
    this.#declared = new Set([...rewriting.declared].map((key) => Buffer.from(key).toString('latin1')));
    this.#id = Buffer.from(rewriting.dataset.id);
    this.#time.writeBigInt64LE(BigInt(rewriting.now));
  }

  /** The document as it is to be stored. @param doc is changed */
  rewrite(doc: Buffer): Uint8Array {
    const pieces = new Pieces(doc);
    const missing = new Set(ALWAYS);
    const end = doc.length - 1;
    for (let at = 4; at < end; ) {
      const type = doc[at] as number;
      let keyEnd = at + 1;
      while (doc[keyEnd] !== 0) keyEnd++;
      const key = doc.toString('latin1', at + 1, keyEnd);
      const start = keyEnd + 1;
      const next = start + sizeOf(doc, type, start);
      if (!this.#declared.has(key)) this.#note(key);
      switch (key) {
        case '_dataset_id':
          missing.delete(key);
          if (type === BsonType.objectId) doc.set(this.#id, start);
          else pieces.replace(at, next, element(BsonType.objectId, key, this.#id));
          break;
        case 'created_at':
        case 'last_modified_at':
          missing.delete(key);
          if (type === BsonType.date) doc.set(this.#time, start);
          else pieces.replace(at, next, element(BsonType.date, key, this.#time));
          break;
        case 'filepath':
          if (this.rewriting.filepath && type === BsonType.string && doc[start + 4] !== SLASH) {
            const given = doc.toString('utf8', start + 4, next - 1);
            const path = this.rewriting.filepath(given);
            if (path !== given) pieces.replace(at, next, element(BsonType.string, key, text(path)));
          }
          break;
        case 'tags':
          missing.delete(key);
          if (this.rewriting.tags)
            pieces.replace(at, next, element(BsonType.array, key, withTags(doc, type, start, next, this.rewriting.tags)));
          break;
      }
      at = next;
    }
    for (const key of missing) {
      if (key === '_dataset_id') pieces.append(element(BsonType.objectId, key, this.#id));
      else if (key !== 'tags') pieces.append(element(BsonType.date, key, this.#time));
      else if (this.rewriting.tags)
        pieces.append(element(BsonType.array, key, withTags(doc, BsonType.null, 0, 0, this.rewriting.tags)));
    }
    this.#documents++;
    return this.#withMedia(pieces.join());
  }

  #withMedia(bytes: Uint8Array): Uint8Array {
    if (this.rewriting.media === undefined) return bytes;
    const doc = decode(bytes);
    return this.rewriting.media(doc) ? encode(doc) : bytes;
  }

  #note(key: string): void {
    const found = this.undeclared.get(key);
    if (found) found.count++;
    else this.undeclared.set(key, { key: Buffer.from(key, 'latin1').toString(), count: 1, first: this.#documents });
  }
}

/** What every document has in the end; it is put at the end of one that lacks it. */
const ALWAYS = ['tags', '_dataset_id', 'created_at', 'last_modified_at'];

/** Parts of a document that replace others. */
class Pieces {
  readonly #parts: Uint8Array[] = [];
  #from = 0;

  constructor(readonly doc: Buffer) {}

  replace(start: number, end: number, by: Uint8Array): void {
    this.#parts.push(this.doc.subarray(this.#from, start), by);
    this.#from = end;
  }

  append(part: Uint8Array): void {
    const end = this.doc.length - 1;
    this.replace(end, end, part);
  }

  join(): Uint8Array {
    if (this.#parts.length === 0) return this.doc;
    const joined = Buffer.concat([...this.#parts, this.doc.subarray(this.#from)]);
    joined.writeInt32LE(joined.length, 0);
    return joined;
  }
}

function element(type: number, key: string, value: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([type]), Buffer.from(`${key}\0`), value]);
}

function text(value: string): Buffer {
  const bytes = Buffer.from(`${value}\0`);
  const head = Buffer.alloc(4);
  head.writeInt32LE(bytes.length);
  return Buffer.concat([head, bytes]);
}

function withTags(doc: Buffer, type: number, start: number, end: number, tags: readonly string[]): Buffer {
  const old = type === BsonType.array ? doc.subarray(start + 4, end - 1) : Buffer.alloc(0);
  let count = 0;
  for (let at = 0; at < old.length; count++) {
    const value = old.indexOf(0, at + 1) + 1;
    at = value + sizeOf(old, old[at] as number, value);
  }
  const body = Buffer.concat([
    old,
    ...tags.map((tag, i) => element(BsonType.string, String(count + i), text(tag))),
    Buffer.of(0),
  ]);
  const head = Buffer.alloc(4);
  head.writeInt32LE(body.length + 4);
  return Buffer.concat([head, body]);
}

/** How many bytes a value has. */
function sizeOf(doc: Buffer, type: number, at: number): number {
  switch (type) {
    case BsonType.double:
    case BsonType.date:
    case BsonType.int64:
    case BsonType.timestamp:
      return 8;
    case BsonType.string:
    case BsonType.code:
    case BsonType.symbol:
      return 4 + doc.readInt32LE(at);
    case BsonType.document:
    case BsonType.array:
    case BsonType.codeWithScope:
      return doc.readInt32LE(at);
    case BsonType.binary:
      return 5 + doc.readInt32LE(at);
    case BsonType.objectId:
      return 12;
    case BsonType.boolean:
      return 1;
    case BsonType.int32:
      return 4;
    case BsonType.decimal128:
      return 16;
    case BsonType.regex:
      return doc.indexOf(0, doc.indexOf(0, at) + 1) + 1 - at;
    case BsonType.dbPointer:
      return 4 + doc.readInt32LE(at) + 12;
    default:
      return 0;
  }
}
