import { Decimal128 } from 'bson';
import { ObjectId, type Value } from './doc.js';
import { type Json, JsonNumber, JsonObject } from './json.js';
import { BsonType, date, double, int64, Scalar } from './scalar.js';

/** A reference to a document of another collection: a document with its keys in an order of their own. */
export class Reference {
  constructor(readonly entries: readonly [string, Json][]) {}
}

/** JavaScript code with the variables that it uses. */
export class ScopedCode {
  constructor(
    readonly code: string,
    readonly scope: JsonObject,
  ) {}
}

/** What an Extended JSON object stands for. Integers of any size are numbers as they are written. */
export type Extended = Exclude<Value, Value[]> | JsonNumber | Reference | ScopedCode;

/** The keys of an object and their values. */
type Pairs = ReadonlyMap<string, Json>;

/**
 * What Python's `json_util` makes of an object if one of its keys makes it an Extended JSON value, or undefined for a document.
 * The first such key decides.
 *
 * @throws SyntaxError for a malformed value
 */
export function extendedValue(pairs: Pairs): Extended | undefined {
  for (const key of pairs.keys()) {
    const read = READERS.get(key);
    if (read) return read(pairs);
  }
  return undefined;
}

const READERS = new Map<string, (pairs: Pairs) => Extended | undefined>([
  ['$oid', (pairs) => ObjectId.createFromHexString(match(/^[0-9a-f]{24}$/i, onlyString(pairs, '$oid'))[0])],
  ['$ref', reference],
  ['$date', (pairs) => dateValue(only(pairs, '$date'))],
  ['$regex', legacyRegex],
  ['$minKey', (pairs) => oneKey(pairs, '$minKey', BsonType.minKey)],
  ['$maxKey', (pairs) => oneKey(pairs, '$maxKey', BsonType.maxKey)],
  ['$binary', (pairs) => (pairs.has('$type') ? legacyBinary(pairs) : canonicalBinary(only(pairs, '$binary')))],
  ['$code', code],
  ['$uuid', uuid],
  ['$undefined', () => null],
  ['$numberLong', (pairs) => long(only(pairs, '$numberLong'))],
  ['$timestamp', (pairs) => timestamp(pairs.get('$timestamp'))],
  ['$numberDecimal', (pairs) => decimal(onlyString(pairs, '$numberDecimal'))],
  ['$dbPointer', (pairs) => databasePointer(only(pairs, '$dbPointer'))],
  ['$regularExpression', (pairs) => regularExpression(only(pairs, '$regularExpression'))],
  ['$symbol', (pairs) => onlyString(pairs, '$symbol')],
  ['$numberInt', (pairs) => new JsonNumber(integer(onlyString(pairs, '$numberInt')))],
  ['$numberDouble', (pairs) => double(float(onlyString(pairs, '$numberDouble')))],
]);

function oneKey(pairs: Pairs, key: string, type: number): Scalar {
  const value = only(pairs, key);
  if (!(value instanceof JsonNumber) || value.text !== '1') throw malformed(key);
  return new Scalar(type, new Uint8Array());
}

function reference(pairs: Pairs): Reference | undefined {
  const { $ref, $id, $db, ...rest } = Object.fromEntries(pairs);
  if (typeof $ref !== 'string' || $id === undefined) return undefined;
  for (const key of ['self', 'collection', 'id', 'database', '_extra']) if (Object.hasOwn(rest, key)) throw malformed('$ref');
  const others = [...pairs].filter(([key]) => !['$ref', '$id', '$db'].includes(key));
  const database: [string, Json][] = $db === undefined || $db === null ? [] : [['$db', $db]];
  return new Reference([['$ref', $ref], ['$id', $id], ...database, ...others]);
}

const ISO_DATE = /^(\d{4})-(\d\d?)-(\d\d?)T(\d\d?):(\d\d?):(\d\d?)(\.\d+)?(?:Z|([+-])(\d\d)(?::?(\d\d))?)?$/;
const FIRST_YEAR_MS = -62_135_596_800_000;
const AFTER_LAST_YEAR_MS = 253_402_300_800_000;

function dateValue(json: Json): Scalar {
  if (typeof json === 'string') return date(isoMilliseconds(json));
  const long = json instanceof JsonObject ? new Map(json.entries) : undefined;
  const ms = long?.has('$numberLong') ? integerText(only(long, '$numberLong')) : undefined;
  if (ms !== undefined) return int64Of(ms, date) ?? fail(malformed('$date'));
  const number = json instanceof JsonNumber ? Number(json.text) : Number.NaN;
  if (Number.isNaN(number) || Math.abs(number) >= 2 ** 63) throw malformed('$date');
  return date(BigInt(Math.trunc(number)));
}

function isoMilliseconds(iso: string): number {
  const [, year, month, day, hour, minute, second, fraction, sign, offsetHours, offsetMinutes] = match(ISO_DATE, iso);
  const two = (digits: string | undefined) => (digits as string).padStart(2, '0');
  const local = `${year}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:${two(second)}`;
  const ms = Date.parse(`${local}Z`);
  // Date.parse takes 30 February and 24:00 for the day after
  if (Number.isNaN(ms) || !new Date(ms).toISOString().startsWith(local)) throw malformed('$date');
  const offset = (Number(offsetHours ?? 0) * 60 + Number(offsetMinutes ?? 0)) * 60_000 * (sign === '-' ? -1 : 1);
  const shifted = ms - offset + Math.floor(Math.trunc(Number(fraction ?? 0) * 1e6) / 1000);
  for (const known of [ms, shifted]) if (!(known >= FIRST_YEAR_MS && known < AFTER_LAST_YEAR_MS)) throw malformed('$date');
  return shifted;
}

function legacyRegex(pairs: Pairs): Scalar | undefined {
  const pattern = pairs.get('$regex');
  if (typeof pattern !== 'string') return undefined;
  return regex(pattern, string(pairs.get('$options') ?? '', '$options'));
}

function regularExpression(json: Json): Scalar {
  const { pattern, options } = parts(json, ['pattern', 'options']);
  return regex(string(pattern, 'pattern'), string(options, 'options'));
}

function regex(pattern: string, options: string): Scalar {
  if (pattern.includes('\0')) throw malformed('pattern');
  const known = [...'ilmsux'].filter((flag) => options.includes(flag)).join('');
  return new Scalar(BsonType.regex, Buffer.from(`${wellFormed(pattern)}\0${known}\0`));
}

function legacyBinary(pairs: Pairs): Scalar {
  const type = pairs.get('$type') as Json;
  const hex = type instanceof JsonNumber ? Number(match(/^\d{1,3}$/, type.text)[0]).toString(16) : string(type, '$type');
  const subtype = match(/^(?:f{6})?([0-9a-f]{1,2})$/i, hex)[1] as string;
  return binary(string(pairs.get('$binary'), '$binary'), subtype);
}

function canonicalBinary(json: Json): Scalar {
  const { base64, subType } = parts(json, ['base64', 'subType']);
  return binary(string(base64, 'base64'), match(/^[0-9a-f]{1,2}$/i, string(subType, 'subType'))[0]);
}

function binary(base64: string, subtype: string): Scalar {
  return binaryOf(Buffer.from(base64Digits(base64), 'base64'), Number.parseInt(subtype, 16));
}

/** What Python reads of a text: it skips what is not in the alphabet, and ends where the padding is complete. */
function base64Digits(text: string): string {
  let digits = '';
  let padding = 0;
  for (const part of text.replace(/[^A-Za-z0-9+/=]/g, '').match(/=|[^=]+/g) ?? []) {
    const open = digits.length % 4;
    if (part !== '=') {
      digits += part;
      padding = 0;
    } else if (open >= 2 && open + ++padding >= 4) return digits;
  }
  if (digits.length % 4 !== 0) throw malformed('$binary');
  return digits;
}

function binaryOf(data: Buffer, subtype: number): Scalar {
  // the old subtype has its size twice
  const body = subtype === 2 ? Buffer.concat([sizeOf(data.length), data]) : data;
  return new Scalar(BsonType.binary, Buffer.concat([sizeOf(body.length), Buffer.from([subtype]), body]));
}

function sizeOf(size: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(size);
  return bytes;
}

function uuid(pairs: Pairs): Scalar {
  const digits = onlyString(pairs, '$uuid')
    .replace('urn:', '')
    .replace('uuid:', '')
    .replace(/^[{}]+|[{}]+$|-/g, '');
  return binaryOf(Buffer.from(match(/^[0-9a-f]{32}$/i, digits)[0], 'hex'), 4);
}

function code(pairs: Pairs): Scalar | ScopedCode {
  const source = wellFormed(string(pairs.get('$code'), '$code'));
  const scope = pairs.get('$scope') ?? null;
  const extra = [...pairs.keys()].some((key) => key !== '$code' && key !== '$scope');
  if (extra || (scope !== null && !(scope instanceof JsonObject))) throw malformed('$code');
  if (scope !== null) return new ScopedCode(source, scope);
  const text = Buffer.from(`${source}\0`);
  return new Scalar(BsonType.code, Buffer.concat([sizeOf(text.length), text]));
}

function timestamp(json: Json | undefined): Scalar {
  const { t, i } = parts(json);
  return new Scalar(BsonType.timestamp, int64((BigInt(uint32(t)) << 32n) | BigInt(uint32(i))).bytes);
}

function uint32(json: Json | undefined): string {
  const text = json instanceof JsonNumber && /^\d{1,10}$/.test(json.text) ? json.text : '';
  if (text === '' || Number(text) >= 2 ** 32) throw malformed('$timestamp');
  return text;
}

function decimal(text: string): Scalar {
  match(/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$|^[+-]?(?:inf|infinity|nan)$/i, text);
  try {
    return new Scalar(BsonType.decimal128, Decimal128.fromString(text).bytes);
  } catch {
    throw malformed('$numberDecimal');
  }
}

function databasePointer(json: Json): Reference {
  const { $ref, $id } = parts(json, ['$ref', '$id']);
  const id = $id instanceof JsonObject ? extendedValue(new Map($id.entries)) : undefined;
  if (typeof $ref !== 'string' || !(id instanceof ObjectId)) throw malformed('$dbPointer');
  return new Reference([
    ['$ref', $ref],
    ['$id', $id as Json],
  ]);
}

function long(json: Json): Scalar | JsonNumber {
  const text = integerText(json);
  return int64Of(text, int64) ?? new JsonNumber(text);
}

/** The value made of an integer, if it fits into 64 bits. */
function int64Of(text: string, make: (value: bigint) => Scalar): Scalar | undefined {
  const value = BigInt(text);
  return BigInt.asIntN(64, value) === value ? make(value) : undefined;
}

function integerText(json: Json): string {
  return integer(json instanceof JsonNumber ? json.text : string(json, '$numberLong'));
}

function integer(text: string): string {
  const [, sign, digits] = match(/^\s*([+-]?)(\d+(?:_\d+)*)\s*$/, text) as unknown as [string, string, string];
  const value = BigInt(digits.replaceAll('_', ''));
  return String(sign === '-' ? -value : value);
}

function float(text: string): number {
  const [, sign, digits] = match(
    /^\s*([+-]?)((?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:e[+-]?\d+(?:_\d+)*)?|inf|infinity|nan)\s*$/i,
    text,
  ) as unknown as [string, string, string];
  const size = /^i/i.test(digits) ? Number.POSITIVE_INFINITY : Number(digits.replaceAll('_', ''));
  return sign === '-' ? -size : size;
}

function only(pairs: Pairs, key: string): Json {
  if (pairs.size > 1) throw malformed(key);
  return pairs.get(key) as Json;
}

function onlyString(pairs: Pairs, key: string): string {
  return string(only(pairs, key), key);
}

function string(json: Json | undefined, key: string): string {
  if (typeof json !== 'string') throw malformed(key);
  return json;
}

/** The values in a document. @param keys exactly these must be there */
function parts(json: Json | undefined, keys?: readonly string[]): Record<string, Json> {
  if (!(json instanceof JsonObject)) throw malformed(keys?.join(', ') ?? 'no object');
  const values = Object.fromEntries(json.entries);
  if (keys && (Object.keys(values).length !== keys.length || !keys.every((key) => Object.hasOwn(values, key))))
    throw malformed(keys.join(', '));
  return values;
}

function wellFormed(text: string): string {
  if (/\p{Surrogate}/u.test(text)) throw new SyntaxError('half a surrogate pair has no place in a database');
  return text;
}

function match(pattern: RegExp, text: string): RegExpExecArray {
  const found = pattern.exec(text);
  if (!found) throw new SyntaxError(`'${text.slice(0, 60)}' is not what Extended JSON has there`);
  return found;
}

function malformed(key: string): SyntaxError {
  return new SyntaxError(`malformed Extended JSON: ${key.slice(0, 60)}`);
}

function fail(error: Error): never {
  throw error;
}
