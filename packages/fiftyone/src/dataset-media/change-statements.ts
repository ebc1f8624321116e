import { Doc, date, int32, type ObjectId, type ReadonlyDoc, type Value } from '../bson/index.js';
import { fieldAt, schemaOf } from '../fields/schema.js';
import type { MediaField } from './media-fields.js';
import type { NotedChange } from './path-journal.js';

const TIME = 'last_modified_at';
const BY_ID = Doc.of(['_id', int32(1)]);

/**
 * One update statement per document: it changes what still is as it was read, or nothing.
 *
 * @param changes all of samples, or all of frames
 */
export function changeStatements(
  dataset: ReadonlyDoc,
  scope: MediaField['scope'],
  changes: readonly Omit<NotedChange, 'field'>[],
): Doc[] {
  // releases before 1.0 do not load documents with a field that they do not know
  const hasTime = fieldAt(schemaOf(dataset, scope === 'frames' ? 'frame_fields' : 'sample_fields'), TIME) !== undefined;
  const time: [string, Value][] = hasTime ? [[TIME, date(Date.now())]] : [];
  return [...byDocument(changes).values()].map((some) => {
    const before = some.map(({ place, from }): [string, Value] => [place, from]);
    const after = some.map(({ place, to }): [string, Value] => [place, to]);
    const query = Doc.of(['_id', some[0]?.id as ObjectId], ...before);
    const update = Doc.of(['$set', Doc.of(...after, ...time)]);
    // without the hint the server tries its indexes of paths for every single one
    return Doc.of(['q', query], ['u', update], ['hint', BY_ID]);
  });
}

/** Changes by the hexadecimal digits of the id of their document. */
export function byDocument<T extends { readonly id: ObjectId }>(changes: readonly T[]): Map<string, T[]> {
  const byId = new Map<string, T[]>();
  for (const change of changes) {
    const key = change.id.toHexString();
    const some = byId.get(key);
    if (some === undefined) byId.set(key, [change]);
    else some.push(change);
  }
  return byId;
}
