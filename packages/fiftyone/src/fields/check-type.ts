import { UsageError } from '../errors.js';
import { classAt } from './class-schemas.js';
import { checkName } from './expand-schema.js';
import { type FieldType, typeText } from './field-type.js';

/** The classes of fields of the Python client. */
const KNOWN: ReadonlySet<string> = new Set(
  `Array Boolean Classes Color Date DateTime Dict EmbeddedDocument EmbeddedDocumentList Float FrameNumber FrameSupport GeoLineString
  GeoMultiLineString GeoMultiPoint GeoMultiPolygon GeoPoint GeoPolygon HeatmapRange Int Keypoints List MaskTargets MediaReference
  ObjectId PolylinePoints Reference String UUID Vector`
    .split(/\s+/)
    .map((name) => `${name}Field`)
    .concat('Field'),
);

/** A class from elsewhere, with its module. */
const ELSEWHERE = /^(?!fiftyone\.)[\p{L}_][\p{L}\p{N}_]*(\.[\p{L}_][\p{L}\p{N}_]*)+$/u;

/** Whether the Python client can have a field of this class: one of its own, or one from elsewhere with its module. */
export function isFieldClass(ftype: string): boolean {
  return KNOWN.has(ftype) || ELSEWHERE.test(ftype);
}

/** Whether it can have embedded documents of this class, which is given with its module. */
export function isDocumentClass(path: string): boolean {
  return classAt(path) !== undefined || ELSEWHERE.test(path);
}

/** Makes sure that the Python client can load a dataset with a field of this type. @param path of the field @throws UsageError */
export function checkType(type: FieldType, path: string): void {
  if (typeof type?.ftype !== 'string' || !Array.isArray(type.fields)) {
    throw new UsageError(`the type of field '${path}' is missing`, { hint: "give one such as fo.simpleType('FloatField')" });
  }
  const refused = (why: string) => new UsageError(`Field '${path}' cannot be a ${typeText(type)}: ${why}`);
  for (const cls of [type.ftype, type.subfield]) {
    if (cls !== null && !isFieldClass(cls)) throw refused(`there is no class of fields called ${cls}`);
  }
  const cls = type.embeddedDocType;
  const isDocument = [type.ftype, type.subfield].includes('EmbeddedDocumentField');
  if (isDocument && cls === null) throw refused('the class of its documents is missing');
  if (cls !== null && !isDocumentClass(cls)) throw refused(`there is no class of documents called ${cls}`);
  for (const field of type.fields) {
    if (field.name !== '_id') checkName(field.name);
    checkType(field, `${path}.${field.name}`);
  }
}
