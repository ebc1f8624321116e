import { ObjectId } from '../bson/index.js';

const SIZE = 12;

/** The ids of the documents of a list, in little room: there may be millions of them. */
export class ElementIds {
  /** @param hasAll whether every document has an id; those of others are zero */
  constructor(
    readonly bytes: Uint8Array,
    readonly hasAll: boolean,
  ) {}

  get length(): number {
    return this.bytes.length / SIZE;
  }

  at(place: number): ObjectId {
    return new ObjectId(this.bytes.slice(place * SIZE, (place + 1) * SIZE));
  }

  all(): ObjectId[] {
    return Array.from({ length: this.length }, (_, i) => this.at(i));
  }

  hasRepeated(): boolean {
    const text = Buffer.from(this.bytes.buffer, this.bytes.byteOffset, this.bytes.length).toString('latin1');
    const seen = new Set<string>();
    for (let at = 0; at < text.length; at += SIZE) seen.add(text.slice(at, at + SIZE));
    return seen.size < this.length;
  }
}
