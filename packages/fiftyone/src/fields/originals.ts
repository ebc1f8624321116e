import { isDeepStrictEqual } from 'node:util';
import { Doc, type Value } from '../bson/index.js';
import { EmbeddedDocument } from './embedded-document.js';

/** What a document was read from. */
export class Original {
  /** @param read what a key of it was read as */
  constructor(
    readonly doc: Doc,
    readonly read: (key: string, value: Value) => unknown,
  ) {}

  /** The stored value of a key, if what was read from it is as it was. */
  unchanged(key: string, value: unknown): Value | undefined {
    const stored = this.doc.get(key);
    // labels in it are told apart by their ids, which only they know, and they know their own originals
    if (stored === undefined || holdsDocuments(value)) return undefined;
    return isDeepStrictEqual(this.read(key, stored), value) ? stored : undefined;
  }

  /** A document that is to be stored, with its keys in their places. @param added keys that nobody gave */
  ordered(stored: Doc, added: ReadonlySet<string>): Doc {
    const result = new Doc();
    for (const [key, value] of this.doc) {
      const now = stored.get(key);
      if (now !== undefined) result.set(key, now);
      else if (value === null) result.set(key, null);
    }
    for (const [key, value] of stored) if (!result.has(key) && !added.has(key)) result.set(key, value);
    return result;
  }
}

function holdsDocuments(value: unknown): boolean {
  return value instanceof EmbeddedDocument || (Array.isArray(value) && value.some(holdsDocuments));
}

const ORIGINALS = new WeakMap<EmbeddedDocument, Original>();

/** Notes what a document was read from. */
export function setOriginal(document: EmbeddedDocument, original: Original): void {
  ORIGINALS.set(document, original);
}

/** What a document was read from, if it was. */
export function originalOf(document: EmbeddedDocument): Original | undefined {
  return ORIGINALS.get(document);
}
