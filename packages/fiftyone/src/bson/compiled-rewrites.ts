import { Doc, type Value } from './doc.js';
import { encode } from './encode.js';
import type { Rewrites, TextRewrite } from './rewrites.js';

/** A BSON value: its type, and its bytes. */
export interface Element {
  readonly type: number;
  readonly bytes: Uint8Array;
}

/** What happens to the value of a key: one of these. */
export interface CompiledRewrite {
  readonly name: string;
  readonly key: Uint8Array;
  readonly text?: TextRewrite;
  readonly set?: Element;
  readonly append?: readonly Element[];
  readonly inside?: CompiledRewrites;
}

/** Rewrites whose keys can be compared with bytes. */
export type CompiledRewrites = readonly CompiledRewrite[];

export function compile(rewrites: Rewrites): CompiledRewrites {
  return [...rewrites].map(([name, rewrite]) => {
    const key = Buffer.from(name);
    if (typeof rewrite === 'function') return { name, key, text: rewrite };
    if (rewrite instanceof Map) return { name, key, inside: compile(rewrite) };
    if ('set' in rewrite) return { name, key, set: elementOf(rewrite.set) };
    return { name, key, append: rewrite.append.map(elementOf) };
  });
}

/** The number of the rewrite for a key, or -1. */
export function indexOfKey(rewrites: CompiledRewrites, bytes: Uint8Array, at: number, end: number): number {
  for (let i = 0; i < rewrites.length; i++) {
    const { key } = rewrites[i] as CompiledRewrite;
    if (key.length === end - at && isAt(key, bytes, at)) return i;
  }
  return -1;
}

function isAt(key: Uint8Array, bytes: Uint8Array, at: number): boolean {
  for (let i = key.length - 1; i >= 0; i--) if (key[i] !== bytes[at + i]) return false;
  return true;
}

/** A value as it is in a document. */
export function elementOf(value: Value): Element {
  const bson = encode(Doc.of(['', value]));
  return { type: bson[4] as number, bytes: bson.subarray(6, -1) };
}
