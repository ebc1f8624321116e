import { clone, Doc, equal, type ReadonlyDoc, toEjson, type Value } from '../../bson/index.js';

/** Keys of a dataset of which each entry that is missing is added. */
const MAPS =
  'info classes mask_targets skeletons camera_intrinsics static_transforms group_media_types label_schemas frame_label_schemas'.split(
    ' ',
  );

/** Keys that a dataset gets if it has none. */
const ONCE = 'media_type group_field default_group_slice default_classes default_mask_targets default_skeleton description'.split(
  ' ',
);

/** Keys of both datasets that have to be the same, if both are set. */
const SAME = ['media_type', 'group_field'];

/** What a field is. The rest of it, such as its description, stays as it is. */
const TYPE = ['ftype', 'embedded_doc_type', 'subfield', 'db_field'];

const METADATA = 'fiftyone.core.metadata.';

/** What a merge makes of a dataset, and why it cannot be made. */
export interface MergedDataset {
  readonly dataset: Doc;
  readonly conflicts: readonly string[];
}

/** The document of a dataset into which another one is imported: nothing of it is lost, and what it lacks is added. */
export function mergedDataset(into: ReadonlyDoc, imported: ReadonlyDoc): MergedDataset {
  const dataset = clone(into as Doc);
  const conflicts: string[] = [];
  for (const key of SAME) {
    const [ours, theirs] = [into.get(key) ?? null, imported.get(key) ?? null];
    if (ours !== null && theirs !== null && !equal(ours, theirs)) {
      conflicts.push(`its ${key} is ${toEjson(theirs)}, and that of dataset '${into.get('name')}' is ${toEjson(ours)}`);
    }
  }
  for (const key of ONCE)
    if (isEmpty(dataset.get(key)) && !isEmpty(imported.get(key))) dataset.set(key, clone(imported.get(key) as Value));
  for (const key of MAPS) addEntries(dataset, imported, key);
  addItems(dataset, imported, 'tags');
  addMediaFields(dataset, imported);
  for (const key of ['sample_fields', 'frame_fields']) {
    const [ours, theirs] = [dataset.get(key), imported.get(key)];
    if (!Array.isArray(theirs)) continue;
    const fields = Array.isArray(ours) ? ours : [];
    mergeFields(fields as Doc[], theirs as Doc[], key === 'sample_fields' ? '' : 'frames.', conflicts);
    dataset.set(key, fields);
  }
  return { dataset, conflicts };
}

function mergeFields(ours: Doc[], theirs: readonly Doc[], prefix: string, conflicts: string[]): void {
  for (const field of theirs) {
    const name = String(field.get('name'));
    const own = ours.find((candidate) => candidate.get('name') === name);
    if (own === undefined) {
      ours.push(clone(field));
      continue;
    }
    for (const key of TYPE) {
      const [a, b] = [own.get(key) ?? null, field.get(key) ?? null];
      if (b === null || equal(a, b) || isGeneral(b, a)) continue;
      if (a === null || isGeneral(a, b)) own.set(key, b);
      else conflicts.push(`field '${prefix}${name}': its ${key} is ${toEjson(b)}, and there it is ${toEjson(a)}`);
    }
    const [inOwn, inField] = [own.get('fields'), field.get('fields')];
    if (!Array.isArray(inField) || inField.length === 0) continue;
    const inside = Array.isArray(inOwn) ? inOwn : [];
    mergeFields(inside as Doc[], inField as Doc[], `${prefix}${name}.`, conflicts);
    own.set('fields', inside);
  }
}

/** Datasets without samples have metadata of no media type in particular. */
function isGeneral(general: Value, special: Value): boolean {
  return general === `${METADATA}Metadata` && typeof special === 'string' && special.startsWith(METADATA);
}

function addEntries(dataset: Doc, imported: ReadonlyDoc, key: string): void {
  const [ours, theirs] = [dataset.get(key), imported.get(key)];
  if (!(theirs instanceof Doc) || theirs.size === 0) return;
  const entries = ours instanceof Doc ? ours : new Doc();
  for (const [name, value] of theirs) if (!entries.has(name)) entries.set(name, clone(value));
  dataset.set(key, entries);
}

function addItems(holder: Doc, other: ReadonlyDoc, key: string): void {
  const [ours, theirs] = [holder.get(key), other.get(key)];
  if (!Array.isArray(theirs)) return;
  const items = Array.isArray(ours) ? ours : [];
  holder.set(key, [...items, ...theirs.filter((item) => !items.some((own) => equal(own, item)))]);
}

/** Otherwise media that came along would not be exported again. */
function addMediaFields(dataset: Doc, imported: ReadonlyDoc): void {
  const [ours, theirs] = [dataset.get('app_config'), imported.get('app_config')];
  if (ours instanceof Doc && theirs instanceof Doc) addItems(ours, theirs, 'media_fields');
}

function isEmpty(value: Value | undefined): boolean {
  if (value === undefined || value === null) return true;
  return Array.isArray(value) ? value.length === 0 : value instanceof Doc && value.size === 0;
}
