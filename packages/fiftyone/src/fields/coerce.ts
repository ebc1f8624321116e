import { BsonType, Doc, double, millisecondsOf, numberOf, ObjectId, Scalar, type Value } from '../bson/index.js';
import { anyValue, dateValue, document, integer, text } from './any-value.js';
import { EmbeddedDocument, pathOf } from './embedded-document.js';
import { type FieldType, itemType } from './field-type.js';
import { geoJson } from './geo-json.js';
import { InvalidValueError, shown } from './invalid-value.js';
import { isNumberArray, NdArray, packArray } from './nd-array.js';
import { storedDocument } from './stored-document.js';

type Coercion = (value: unknown, place: string, type: FieldType) => Value;

/**
 * A value as it is stored in a field of this type. BSON values (`Scalar`, `Doc`) of the right type keep their bytes.
 *
 * @param place the path of the field, with positions in lists, for messages
 * @throws InvalidValueError for what the field cannot hold, and for what it could not hold without a loss
 */
export function coerce(type: FieldType, value: unknown, place: string): Value {
  if (value === null || value === undefined) return null;
  return (COERCIONS.get(type.ftype) ?? anyValue)(value, place, type);
}

const COERCIONS: ReadonlyMap<string, Coercion> = new Map<string, Coercion>([
  ['StringField', (value, place) => string(value, place, 'StringField')],
  ['ColorField', (value, place) => string(value, place, 'ColorField')],
  ['BooleanField', boolean],
  ['IntField', int],
  ['FrameNumberField', frameNumber],
  ['FloatField', float],
  ['DateField', day],
  ['DateTimeField', time],
  ['ObjectIdField', objectId],
  ['VectorField', array],
  ['ArrayField', array],
  ['ListField', list],
  ['DictField', dict],
  ['EmbeddedDocumentField', embedded],
  ['FrameSupportField', (value, place) => pair(value, place, frameNumber)],
  ['HeatmapRangeField', (value, place) => pair(value, place, float)],
  ['KeypointsField', (value, place) => points(value, place, 1)],
  ['PolylinePointsField', (value, place) => points(value, place, 2)],
  ['GeoPointField', (value, place) => geoJson('Point', value, place)],
  ['GeoLineStringField', (value, place) => geoJson('LineString', value, place)],
  ['GeoPolygonField', (value, place) => geoJson('Polygon', value, place)],
  ['GeoMultiPointField', (value, place) => geoJson('MultiPoint', value, place)],
  ['GeoMultiLineStringField', (value, place) => geoJson('MultiLineString', value, place)],
  ['GeoMultiPolygonField', (value, place) => geoJson('MultiPolygon', value, place)],
]);

function string(value: unknown, place: string, field: string): Value {
  if (typeof value === 'string') return text(value, place);
  if (value instanceof Scalar && value.type === BsonType.string) return value;
  throw new InvalidValueError(place, `${field} only accepts string values, not ${shown(value)}`);
}

function boolean(value: unknown, place: string): Value {
  if (typeof value === 'boolean') return value;
  throw new InvalidValueError(place, `BooleanField only accepts boolean values, not ${shown(value)}`);
}

function int(value: unknown, place: string): Value {
  if (value instanceof Scalar && (value.type === BsonType.int32 || value.type === BsonType.int64)) return value;
  const number = value instanceof Scalar ? numberOf(value) : value;
  if (typeof number === 'bigint') return integer(number, place);
  if (typeof number === 'boolean') return integer(number ? 1n : 0n, place);
  if (typeof number === 'string' && /^\s*[+-]?\d+\s*$/.test(number)) return integer(BigInt(number), place);
  if (typeof number !== 'number') throw new InvalidValueError(place, `${shown(value)} could not be converted to int`);
  if (!Number.isInteger(number)) throw new InvalidValueError(place, `${number} is not an integer`);
  if (!Number.isSafeInteger(number)) {
    throw new InvalidValueError(place, `${number} may have lost digits already: give integers above 2^53 as bigint`);
  }
  return integer(BigInt(number), place);
}

/** @throws InvalidValueError for what is not a number that a sample can have a frame under */
export function frameNumber(value: unknown, place: string): Value {
  const number = int(value, place);
  const frame = numberOf(number) as number;
  if (frame < 1) throw new InvalidValueError(place, `Frame numbers must be 1-based integers; found ${frame}`);
  return number;
}

function float(value: unknown, place: string): Value {
  if (typeof value === 'number') return double(value);
  if (value instanceof Scalar && value.type === BsonType.double) return value;
  if (typeof value === 'boolean') return double(value ? 1 : 0);
  const exact = value instanceof Scalar ? numberOf(value) : value;
  const number = typeof exact === 'string' && exact.trim() !== '' ? Number(exact) : exact;
  if (typeof number === 'bigint' && BigInt(Number(number)) === number) return double(Number(number));
  if (typeof number === 'number' && (exact !== value || !Number.isNaN(number) || /^\s*nan\s*$/i.test(String(exact)))) {
    return double(number);
  }
  throw new InvalidValueError(place, `${shown(value)} could not be converted to float`);
}

const DAY = 24 * 60 * 60 * 1000;

function day(value: unknown, place: string): Value {
  const stored = time(value, place);
  const ms = millisecondsOf(stored) as bigint;
  if (ms % BigInt(DAY) === 0n) return stored;
  throw new InvalidValueError(
    place,
    `Date fields hold days: ${shown(value)} is not the beginning of a day in UTC (use Date.UTC)`,
  );
}

function time(value: unknown, place: string): Value {
  if (value instanceof Date) return dateValue(value, place);
  if (value instanceof Scalar && value.type === BsonType.date) return value;
  throw new InvalidValueError(place, `Date fields must have dates, not ${shown(value)}`);
}

function objectId(value: unknown, place: string): Value {
  if (value instanceof ObjectId) return value;
  if (typeof value === 'string' && /^[0-9a-f]{24}$/i.test(value)) return new ObjectId(value);
  throw new InvalidValueError(place, `${shown(value)} is not an ObjectId`);
}

function array(value: unknown, place: string, type: FieldType): Value {
  if (value instanceof Scalar && value.type === BsonType.binary) return value;
  const whole = value instanceof NdArray ? value : isNumberArray(value) ? new NdArray(value) : numbersOf(value);
  if (whole === undefined)
    throw new InvalidValueError(place, `${type.ftype} only accepts arrays of numbers, not ${shown(value)}`);
  if (type.ftype === 'VectorField' && whole.shape.length !== 1) {
    throw new InvalidValueError(place, `VectorField only accepts arrays of one dimension, not of ${whole.shape.length}`);
  }
  return packArray(whole);
}

function numbersOf(value: unknown): NdArray | undefined {
  const isList = Array.isArray(value) && value.every((item) => typeof item === 'number');
  return isList ? new NdArray(Float64Array.from(value)) : undefined;
}

/** A list of what one can iterate over and is no text. @throws InvalidValueError for anything else */
function itemsOf(value: unknown, place: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (value instanceof Set || isNumberArray(value)) return Array.from(value as Iterable<unknown>);
  throw new InvalidValueError(place, `Only lists and tuples may be used in a list field, not ${shown(value)}`);
}

function list(value: unknown, place: string, type: FieldType): Value {
  const items = itemsOf(value, place);
  const item = itemType(type);
  if (item === undefined) return items.map((each, i) => anyValue(each ?? null, `${place}[${i}]`));
  return items.map((each, i) => {
    const at = `${place}[${i}]`;
    if (each === null || each === undefined) throw new InvalidValueError(at, `Invalid ${item.ftype} item: null`);
    return coerce(item, each, at);
  });
}

function dict(value: unknown, place: string, type: FieldType): Value {
  if (value instanceof Doc) return value;
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Scalar) {
    throw new InvalidValueError(place, `Only dictionaries may be used in a DictField, not ${shown(value)}`);
  }
  const item = itemType(type);
  if (item === undefined || item.ftype === 'EmbeddedDocumentField') return document(value, place);
  const entries: [unknown, unknown][] = value instanceof Map ? [...value] : Object.entries(value);
  const coerced = entries.map(([key, each]): [unknown, Value] => [key, coerce(item, each, `${place}.${String(key)}`)]);
  return document(new Map(coerced), place);
}

function embedded(value: unknown, place: string, type: FieldType): Value {
  if (value instanceof Doc) return value;
  if (!(value instanceof EmbeddedDocument)) {
    throw new InvalidValueError(place, `${classOf(type)} expected, not ${shown(value)}`);
  }
  if (!canHold(type, pathOf(value)))
    throw new InvalidValueError(place, `${classOf(type)} expected, not a ${value.constructor.name}`);
  return storedDocument(value, place, type.fields);
}

const METADATA = 'fiftyone.core.metadata.';
const DYNAMIC = 'fiftyone.core.odm.embedded_document.';

/** Classes have subclasses, which the schema does not name. */
function canHold({ embeddedDocType }: FieldType, path: string): boolean {
  if (embeddedDocType === null || embeddedDocType === path || embeddedDocType.startsWith(DYNAMIC)) return true;
  if (embeddedDocType === `${METADATA}Metadata`) return path.startsWith(METADATA);
  if (embeddedDocType === 'fiftyone.core.camera.CameraIntrinsics') return path.endsWith('CameraIntrinsics');
  return false;
}

function classOf({ embeddedDocType }: FieldType): string {
  return embeddedDocType === null ? 'a document' : `a ${embeddedDocType.slice(embeddedDocType.lastIndexOf('.') + 1)}`;
}

function pair(value: unknown, place: string, each: Coercion): Value {
  const items = itemsOf(value, place);
  if (items.length !== 2) throw new InvalidValueError(place, `a pair of numbers expected, not ${shown(value)}`);
  return items.map((item, i) => each(item, `${place}[${i}]`, { ftype: '', subfield: null, embeddedDocType: null, fields: [] }));
}

/** Lists of points, `depth` deep. */
function points(value: unknown, place: string, depth: number): Value {
  return itemsOf(value, place).map((item, i) => {
    const at = `${place}[${i}]`;
    return depth > 0 ? points(item, at, depth - 1) : coordinate(item, at);
  });
}

function coordinate(value: unknown, place: string): Value {
  if (value instanceof Scalar && numberOf(value) !== undefined) return value;
  if (value === null || value === undefined) return null;
  return float(value, place);
}
