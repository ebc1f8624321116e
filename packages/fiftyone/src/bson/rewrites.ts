import type { Value } from './doc.js';

/** Gives the text that a string becomes. It may return the same. */
export type TextRewrite = (text: string) => string;

/** Sets a value, whatever was there. If the key is missing it is appended. */
export interface SetValue {
  readonly set: Value;
}

/** Appends to a list; without one the key gets a new list. */
export interface AppendValues {
  readonly append: readonly Value[];
}

/** What happens to the value of a key. A text rewrite leaves alone what is no string, further rewrites what is no document. */
export type Rewrite = TextRewrite | SetValue | AppendValues | Rewrites;

/**
 * Changes to documents while they go from one format to another, by key. Lists are no level of their own: what a key stands
 * for happens to each item of its list, too. Example: `new Map([['filepath', absolute], ['ground_truth', new Map(…)]])`
 */
export interface Rewrites extends Map<string, Rewrite> {}
