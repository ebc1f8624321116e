import { Doc, date, decode, ObjectId, type ReadonlyDoc, type Value } from '../../bson/index.js';
import { jsonToBson } from '../../bson/read-json.js';
import { defaultFrameFields, defaultSampleFields } from '../../datasets/default-fields.js';
import { newDatasetDocument } from '../../datasets/new-document.js';
import { classAt, documentType, type FieldType, fieldDoc, makeField, simpleType } from '../../fields/index.js';
import { RUN_FOLDERS } from '../import/run-kinds.js';

/** The first version whose datasets are what they are today: exports without a version count as of this one. */
export const LEGACY_VERSION = '1.13.0';

/** Keys of the dataset that such an export keeps in `info`. */
const IN_INFO =
  'tags description classes default_classes mask_targets default_mask_targets skeletons default_skeleton camera_intrinsics static_transforms app_config'.split(
    ' ',
  );

/**
 * The metadata of a `LegacyFiftyOneDataset` in the form of today.
 *
 * @throws SyntaxError naming the key of what cannot be understood
 */
export function modernMetadata(legacy: ReadonlyDoc): Doc {
  const now = date(0);
  const doc = newDatasetDocument({ id: new ObjectId(), name: '', slug: '', persistent: false, now });
  doc.set('version', LEGACY_VERSION);
  for (const key of ['media_type', 'group_media_types']) if (legacy.has(key)) doc.set(key, legacy.get(key) as Value);
  const info = new Doc(legacy.get('info') instanceof Doc ? (legacy.get('info') as Doc) : []);
  for (const key of IN_INFO) {
    if (info.has(key)) doc.set(key, info.get(key) as Value);
    info.delete(key);
  }
  doc.set('info', info);
  doc.set('sample_fields', schemaOf(legacy, 'sample_fields', defaultSampleFields(now)));
  if (legacy.has('frame_fields')) doc.set('frame_fields', schemaOf(legacy, 'frame_fields', defaultFrameFields(now)));
  addGroup(doc);
  for (const key of ['saved_views', 'workspaces']) {
    const docs = legacy.get(key);
    doc.set(key, Array.isArray(docs) ? docs.map((text, i) => parsed(text, `${key}[${i}]`)) : []);
  }
  for (const kind of RUN_FOLDERS.keys()) {
    const runs = legacy.get(kind);
    const entries = runs instanceof Doc ? [...runs] : [];
    doc.set(kind, new Doc(entries.map(([key, text]): [string, Value] => [key, parsed(text, `${kind}.${key}`)])));
  }
  return doc;
}

/** The fields of a schema such as `{"gt": "…EmbeddedDocumentField(…Detections)"}`, after those that all documents have. */
function schemaOf(legacy: ReadonlyDoc, key: string, defaults: Doc[]): Doc[] {
  const schema = legacy.get(key);
  if (!(schema instanceof Doc)) return defaults;
  const fields = new Map(defaults.map((field) => [field.get('name') as string, field]));
  for (const [name, text] of schema) {
    const known = fields.get(name);
    const type = typeOf(text, `${key}.${name}`);
    if (known === undefined) fields.set(name, fieldDoc(makeField(name, type)));
    else if (name === 'metadata') fields.set(name, fieldDoc(makeField(name, type, known.get('created_at') ?? null)));
  }
  return [...fields.values()];
}

const FIELDS = 'fiftyone.core.fields.';
const TYPE = /^([\w.]+?)(?:\((.+)\))?$/;

function typeOf(text: Value, place: string): FieldType {
  const found = typeof text === 'string' ? TYPE.exec(text) : null;
  if (!found) throw new SyntaxError(`${place} is no type of a field`);
  const [, cls, inside] = found as unknown as [string, string, string | undefined];
  const ftype = shortName(cls);
  if (inside === undefined) return simpleType(ftype);
  if (ftype.startsWith('EmbeddedDocument')) return { ...documentType(inside, classAt(inside)?.attributes ?? []), ftype };
  const item = typeOf(inside, place);
  return { ...item, ftype, subfield: item.ftype };
}

function shortName(path: string): string {
  return path.startsWith(FIELDS) ? path.slice(FIELDS.length) : path;
}

function addGroup(doc: Doc): void {
  if (doc.get('media_type') !== 'group') return;
  const fields = doc.get('sample_fields') as Doc[];
  const group = fields.find((field) => field.get('embedded_doc_type') === 'fiftyone.core.groups.Group');
  const slices = doc.get('group_media_types');
  if (group !== undefined) doc.set('group_field', group.get('name') as string);
  const first = slices instanceof Doc ? [...slices.keys()][0] : undefined;
  if (first !== undefined) doc.set('default_group_slice', first);
}

function parsed(text: Value, place: string): Doc {
  if (typeof text !== 'string') throw new SyntaxError(`${place} is not the text of a document`);
  try {
    return decode(jsonToBson(Buffer.from(text)));
  } catch (error) {
    throw new SyntaxError(`${place}: ${(error as Error).message}`);
  }
}
