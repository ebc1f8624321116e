import type { IndexEdit, KeptIndex, NewIndexEdit } from 'fiftyone/engine';

/** An index, named as MongoDB would name it. */
export function indexOn(collection: string, fields: readonly string[], unique = false): KeptIndex {
  return { collection, name: fields.map((field) => `${field}_1`).join('_'), fields, unique };
}

/** The edit that makes an index. */
export function makeIndex(index: KeptIndex): NewIndexEdit {
  return { kind: 'create-index', summary: `make index ${index.name}`, collection: index.collection, index };
}

/** The edit that drops an index. */
export function dropIndex({ collection, name }: KeptIndex): IndexEdit {
  return { kind: 'drop-index', summary: `drop index ${name}`, collection, index: name };
}
