import type { ReadonlyDoc } from '../../bson/index.js';
import { isLabelList, labelListSchema } from '../default-schemas.js';
import type { Release } from '../release-documents.js';
import type { Query } from '../revision.js';
import { type SchemaKey, topLevelFields } from '../schema-fields.js';

const LABELS = 'fiftyone.core.labels.';

/** An attribute of labels whose values some releases fail to load. The schema need not name it. */
interface Attribute {
  readonly key: string;
  /** Matches documents in which the labels at a path have such a value. */
  has(path: string): Query;
  /** Whether a value is one, as an aggregation expression. */
  is(value: string): Query;
}

const instance: Attribute = {
  key: 'instance',
  has: (path) => ({ [`${path}.instance._cls`]: 'Instance' }),
  is: (value) => ({ $eq: [`${value}._cls`, 'Instance'] }),
};

const pointConfidences: Attribute = {
  key: 'confidence',
  has: (path) => ({ [`${path}.confidence`]: { $type: 'array' } }),
  is: (value) => ({ $isArray: value }),
};

/** Removes attributes that a release fails to load from all labels of a collection in one pass. */
export interface AttributeRemoval {
  readonly names: readonly string[];
  readonly filter: Query;
  readonly set: Query;
}

/** What to remove from the labels in samples or frames, if anything. */
export function unreadableAttributes(dataset: ReadonlyDoc, schema: SchemaKey, release: Release): AttributeRemoval | undefined {
  const names = new Set<string>();
  const filters: Query[] = [];
  const set: Record<string, unknown> = {};
  for (const field of topLevelFields(dataset, schema)) {
    const type = field.get('embedded_doc_type');
    const stored = field.get('db_field') ?? field.get('name');
    if (typeof type !== 'string' || !type.startsWith(LABELS) || typeof stored !== 'string') continue;
    const attributes = attributesOf(type.slice(LABELS.length), release);
    if (attributes.length === 0) continue;
    const list = isLabelList(type) ? String(labelListSchema(type)[0]?.get('name')) : undefined;
    const path = list === undefined ? stored : `${stored}.${list}`;
    for (const { key, has } of attributes) {
      names.add(key);
      filters.push(has(path));
    }
    set[stored] = cleaned(`$${stored}`, list, attributes);
  }
  return filters.length === 0 ? undefined : { names: [...names], filter: { $or: filters }, set };
}

function attributesOf(label: string, release: Release): Attribute[] {
  const keypoints = label === 'Keypoint' || label === 'Keypoints';
  return [
    ...(release.classes.has('labels.Instance') ? [] : [instance]),
    ...(release.abilities.has('point-confidences') || !keypoints ? [] : [pointConfidences]),
  ];
}

function cleaned(field: string, list: string | undefined, attributes: readonly Attribute[]): Query {
  const labels = list === undefined ? field : `${field}.${list}`;
  const each = { $map: { input: labels, as: 'label', in: without('$$label', attributes) } };
  if (list === undefined) return { $cond: [{ $isArray: field }, each, without(field, attributes)] };
  // the path of labels in a list of documents is a list too, but a list has no place for them
  const isList = { $and: [{ $eq: [{ $type: field }, 'object'] }, { $isArray: labels }] };
  return { $cond: [isList, { $mergeObjects: [field, { [list]: each }] }, field] };
}

function without(label: string, attributes: readonly Attribute[]): Query {
  const unwanted = attributes.map(({ key, is }) => ({ $and: [{ $eq: ['$$entry.k', key] }, is('$$entry.v')] }));
  const entries = { $filter: { input: { $objectToArray: label }, as: 'entry', cond: { $not: [{ $or: unwanted }] } } };
  return { $cond: [{ $eq: [{ $type: label }, 'object'] }, { $arrayToObject: entries }, label] };
}
