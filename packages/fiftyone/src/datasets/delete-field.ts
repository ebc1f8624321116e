import { Doc, type ObjectId, type ReadonlyDoc, type Value } from '../bson/index.js';
import { authorized, type Connection } from '../database/connection.js';
import { UsageError } from '../errors.js';
import { changeDataset, classAt, type Field, fieldsAlong, type SchemaKey, schemaOf } from '../fields/index.js';
import { defaultFrameFields, defaultSampleFields } from './default-fields.js';

/**
 * Removes a field from the documents of a dataset, and then from its schema: values of a field that is not declared would keep the real
 * client from loading the dataset. What was interrupted the same call finishes.
 *
 * @returns the document of the dataset afterwards
 * @throws UsageError for a field that there is not, or that every dataset has
 */
export async function deleteField(connection: Connection, dataset: ReadonlyDoc, key: SchemaKey, path: string): Promise<Doc> {
  const { db } = connection;
  const along = fieldsAlong(schemaOf(dataset, key), path);
  const what = key === 'sample_fields' ? 'field' : 'frame field';
  if (along === undefined) throw new UsageError(`Dataset '${dataset.get('name')}' has no ${what} '${path}'`);
  if (isDefault(key, along) || path === dataset.get('group_field'))
    throw new UsageError(`Cannot delete default ${what} '${path}'`);
  if (along.some(({ readOnly }) => readOnly)) throw new UsageError(`Cannot delete read-only ${what} '${path}'`);
  const collection = dataset.get(key === 'sample_fields' ? 'sample_collection_name' : 'frame_collection_name');
  if (typeof collection === 'string') {
    const { filter, target } = stored(along);
    await authorized(connection, async () => {
      await db.collection(collection).updateMany(filter, { $unset: { [target]: '' }, $currentDate: { last_modified_at: true } });
    });
  }
  return await changeDataset(connection, dataset.get('_id') as ObjectId, (doc) => {
    const fields = doc.get(key);
    return Array.isArray(fields) ? new Doc(doc).set(key, without(fields, path.split('.'))) : doc;
  });
}

/** Fields that every dataset has, and the attributes that classes have by themselves. */
function isDefault(key: SchemaKey, along: readonly Field[]): boolean {
  const defaults = key === 'sample_fields' ? defaultSampleFields(null) : defaultFrameFields(null);
  if (along.length === 1) return defaults.some((field) => field.get('name') === along[0]?.name);
  const [document, attribute] = along.slice(-2) as [Field, Field];
  const own = classAt(document.embeddedDocType ?? '')?.attributes ?? [];
  return own.some(({ name }) => name === attribute.name);
}

/** Which documents have the field, and where in them: in all labels of a list. */
function stored(along: readonly Field[]): { filter: object; target: string } {
  const names = along.map(({ dbField }) => dbField);
  const isList = ({ ftype }: Field, i: number) => ftype === 'ListField' && i < along.length - 1;
  const lists = along.flatMap((field, i) => (isList(field, i) ? [names.slice(0, i + 1).join('.')] : []));
  const filter = { [names.join('.')]: { $exists: true }, ...Object.fromEntries(lists.map((list) => [list, { $type: 'array' }])) };
  const target = along.map((field, i) => (isList(field, i) ? `${field.dbField}.$[]` : field.dbField)).join('.');
  return { filter, target };
}

function without(fields: readonly Value[], [name, ...rest]: readonly string[]): Value[] {
  return fields.flatMap((field) => {
    if (!(field instanceof Doc) || field.get('name') !== name) return [field];
    const inner = field.get('fields');
    return rest.length === 0 || !Array.isArray(inner) ? [] : [new Doc(field).set('fields', without(inner, rest))];
  });
}
