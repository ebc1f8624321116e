import type { Document } from 'mongodb';
import type { Expression } from './expression.js';
import { FRAMES, type Schema } from './schema.js';

/**
 * The stage that sets a field of samples, of labels in a list, or of frames.
 *
 * @param value its new value; within lists of documents and in frames `$$this` is the innermost one
 */
export function assign(schema: Schema, path: string, value: Expression): Document {
  const names = path.split('.');
  const keys = schema.keys(path).split('.');
  const lists = names.map((_, i) => i < names.length - 1 && schema.isList(names.slice(0, i + 1).join('.')));
  if (path.startsWith(FRAMES)) {
    return { $addFields: { frames: eachOf('$frames', within(keys.slice(1), lists.slice(1), value)) } };
  }
  const list = lists.indexOf(true) + 1;
  if (list === 0) return { $addFields: { [keys.join('.')]: value } };
  const key = keys.slice(0, list).join('.');
  return { $addFields: { [key]: eachOf(`$${key}`, within(keys.slice(list), lists.slice(list), value)) } };
}

/** The field of a sample, or of the innermost document around it: the base of its expressions. */
export function fieldIn(schema: Schema, path: string): string {
  const names = path.split('.');
  const keys = schema.keys(path).split('.');
  const lists = names.map((_, i) => i < names.length - 1 && schema.isList(names.slice(0, i + 1).join('.')));
  const from = lists.lastIndexOf(true) + 1 || (path.startsWith(FRAMES) ? 1 : 0);
  return from === 0 ? `$${keys.join('.')}` : ['$$this', ...keys.slice(from)].join('.');
}

function eachOf(list: string, changed: Document): Document {
  return { $map: { input: list, as: 'this', in: { $mergeObjects: ['$$this', changed] } } };
}

/** What is merged into a document to set a field in it. */
function within(keys: readonly string[], lists: readonly boolean[], value: Expression, at = '$$this'): Document {
  const [key, ...rest] = keys as [string, ...string[]];
  if (rest.length === 0) return { [key]: value };
  const inner = `${at}.${key}`;
  if (lists[0]) return { [key]: eachOf(inner, within(rest, lists.slice(1), value)) };
  return { [key]: { $mergeObjects: [inner, within(rest, lists.slice(1), value, inner)] } };
}
