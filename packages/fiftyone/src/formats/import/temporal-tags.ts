import { Doc, date, ObjectId, type ReadonlyDoc, type Value } from '../../bson/index.js';
import { kindOf } from '../../migrations/shape.js';

/** The collection of temporal tags, and the order of their keys: the first ones tell a tag from others, and come first. */
export const TAGS = 'tags';
const FIRST = ['_dataset_id', '_sample_id', 'anchor', 'end', 'index_type', 'kind', 'start', 'tag'];

const DATE = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d{3})\d*)?(?:Z|\+00:00)?$/;

/** A temporal tag as it is stored, from one in an export. @throws TypeError for what is none */
export function temporalTag(exported: ReadonlyDoc, dataset: ObjectId): Doc {
  const sample = exported.get('sample_id');
  if (typeof sample !== 'string' || !ObjectId.isValid(sample)) {
    throw new TypeError(`sample_id is ${kindOf(sample)}, expected the id of a sample`);
  }
  const values = new Map<string, Value>([...exported].filter(([key]) => key !== 'sample_id'));
  values.set('_dataset_id', dataset);
  values.set('_sample_id', new ObjectId(sample));
  values.set('anchor', exported.get('anchor') ?? null);
  values.set('kind', exported.get('kind') ?? 'temporal');
  for (const key of ['created_at', 'last_modified_at']) {
    const value = values.get(key);
    if (typeof value === 'string') values.set(key, timeOf(value, key));
  }
  const others = [...values.keys()].filter((key) => !FIRST.includes(key)).sort();
  return new Doc([
    ['_id', new ObjectId()],
    ...[...FIRST, ...others].map((key): [string, Value] => [key, values.get(key) ?? null]),
  ]);
}

function timeOf(text: string, key: string): Value {
  const found = DATE.exec(text);
  if (!found) throw new TypeError(`${key} is '${text}', expected a time such as 2026-11-21T11:34:00.383000`);
  return date(Date.parse(`${found[1]}T${found[2]}.${found[3] ?? '000'}Z`));
}
