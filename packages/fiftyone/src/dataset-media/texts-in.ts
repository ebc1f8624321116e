import { Doc, type Value } from '../bson/index.js';

/** All texts at a path of a document, also those in lists on the way. */
export function textsIn(value: Value | undefined, path: readonly string[]): string[] {
  if (Array.isArray(value)) return value.flatMap((item) => textsIn(item, path));
  if (path.length === 0) return typeof value === 'string' ? [value] : [];
  return value instanceof Doc ? textsIn(value.get(path[0] as string), path.slice(1)) : [];
}
