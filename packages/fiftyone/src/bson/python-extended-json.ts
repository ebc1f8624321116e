import { Decimal128 } from 'bson';
import { documentText, doubleText, quoted } from './python-json-text.js';

/** The keys of an object and the texts of their values, which are already as Python writes them. */
type Pairs = ReadonlyMap<string, string>;

/**
 * What Python's `json_util` makes of an object if one of its keys makes it an Extended JSON value, or undefined for a document.
 * The first such key decides.
 *
 * @throws SyntaxError for a malformed value
 */
export function extendedText(pairs: Pairs): string | undefined {
  for (const key of pairs.keys()) {
    const read = READERS.get(key);
    if (read) return read(pairs);
  }
  return undefined;
}

const READERS = new Map<string, (pairs: Pairs) => string | undefined>([
  ['$oid', (pairs) => wrapped('$oid', quoted(match(/^[0-9a-f]{24}$/i, onlyString(pairs, '$oid'))[0].toLowerCase()))],
  ['$ref', reference],
  ['$date', dateText],
  ['$regex', legacyRegex],
  ['$minKey', (pairs) => wrapped('$minKey', match(/^1$/, only(pairs, '$minKey'))[0])],
  ['$maxKey', (pairs) => wrapped('$maxKey', match(/^1$/, only(pairs, '$maxKey'))[0])],
  ['$binary', (pairs) => (pairs.has('$type') ? legacyBinary(pairs) : canonicalBinary(only(pairs, '$binary')))],
  ['$code', code],
  ['$uuid', uuid],
  ['$undefined', () => 'null'],
  ['$numberLong', (pairs) => integer(asString(only(pairs, '$numberLong')) ?? only(pairs, '$numberLong'))],
  ['$timestamp', timestamp],
  ['$numberDecimal', decimal],
  ['$dbPointer', databasePointer],
  ['$regularExpression', regularExpression],
  ['$symbol', (pairs) => quoted(onlyString(pairs, '$symbol'))],
  ['$numberInt', (pairs) => integer(onlyString(pairs, '$numberInt'))],
  ['$numberDouble', (pairs) => doubleText(float(onlyString(pairs, '$numberDouble')))],
]);

function reference(pairs: Pairs): string | undefined {
  const { $ref, $id, $db, ...rest } = Object.fromEntries(pairs) as Record<string, string>;
  if ($ref === undefined || asString($ref) === undefined || $id === undefined) return undefined;
  for (const key of ['self', 'collection', 'id', 'database', '_extra']) if (Object.hasOwn(rest, key)) throw malformed('$ref');
  const others = [...pairs].filter(([key]) => !['$ref', '$id', '$db'].includes(key));
  const database: [string, string][] = $db === undefined || $db === 'null' ? [] : [['$db', $db]];
  return documentText(new Map([['$ref', $ref], ['$id', $id], ...database, ...others]));
}

const ISO_DATE = /^(\d{4})-(\d\d?)-(\d\d?)T(\d\d?):(\d\d?):(\d\d?)(\.\d+)?(?:Z|([+-])(\d\d)(?::?(\d\d))?)?$/;
const FIRST_YEAR_MS = -62_135_596_800_000;
const AFTER_LAST_YEAR_MS = 253_402_300_800_000;

function dateText(pairs: Pairs): string {
  const text = only(pairs, '$date');
  const iso = asString(text);
  const ms = iso === undefined ? Math.trunc(Number(match(/^-?[\d.]+(?:e[+-]\d+)?$/, text)[0])) : isoMilliseconds(iso);
  checkDate(ms);
  if (ms < 0) return wrapped('$date', wrapped('$numberLong', quoted(String(ms))));
  return wrapped('$date', quoted(new Date(ms).toISOString().replace('.000Z', 'Z')));
}

function isoMilliseconds(iso: string): number {
  const [, year, month, day, hour, minute, second, fraction, sign, offsetHours, offsetMinutes] = match(ISO_DATE, iso);
  const two = (digits: string | undefined) => (digits as string).padStart(2, '0');
  const local = `${year}-${two(month)}-${two(day)}T${two(hour)}:${two(minute)}:${two(second)}`;
  const ms = Date.parse(`${local}Z`);
  // Date.parse takes 30 February and 24:00 for the day after
  if (Number.isNaN(ms) || !new Date(ms).toISOString().startsWith(local)) throw malformed('$date');
  checkDate(ms);
  const offset = (Number(offsetHours ?? 0) * 60 + Number(offsetMinutes ?? 0)) * 60_000 * (sign === '-' ? -1 : 1);
  return ms - offset + Math.floor(Math.trunc(Number(fraction ?? 0) * 1e6) / 1000);
}

function checkDate(ms: number): void {
  if (!(ms >= FIRST_YEAR_MS && ms < AFTER_LAST_YEAR_MS)) throw malformed('$date');
}

function legacyRegex(pairs: Pairs): string | undefined {
  const pattern = asString(pairs.get('$regex'));
  if (pattern === undefined) return undefined;
  return regexText(pattern, string(pairs.get('$options') ?? '""', '$options'));
}

function regularExpression(pairs: Pairs): string {
  const { pattern, options } = parts(only(pairs, '$regularExpression'), ['pattern', 'options']);
  return regexText(stringPart(pattern), stringPart(options));
}

function regexText(pattern: string, options: string): string {
  const known = [...'ilmsux'].filter((flag) => options.includes(flag)).join('');
  return wrapped('$regularExpression', `{"pattern": ${quoted(pattern)}, "options": ${quoted(known)}}`);
}

function legacyBinary(pairs: Pairs): string {
  const type = pairs.get('$type') as string;
  const hex = asString(type) ?? Number(match(/^\d{1,3}$/, type)[0]).toString(16);
  const subtype = match(/^(?:f{6})?([0-9a-f]{1,2})$/i, hex)[1] as string;
  return binaryText(string(pairs.get('$binary'), '$binary'), subtype);
}

function canonicalBinary(text: string): string {
  const { base64, subType } = parts(text, ['base64', 'subType']);
  return binaryText(stringPart(base64), match(/^[0-9a-f]{1,2}$/i, stringPart(subType))[0]);
}

function binaryText(base64: string, subtype: string): string {
  // Python skips what is not in the alphabet
  const digits = base64.replace(/[^A-Za-z0-9+/=]/g, '');
  if (digits.length % 4 !== 0 || !/^[^=]*={0,2}$/.test(digits)) throw malformed('$binary');
  const canonical = Buffer.from(digits, 'base64').toString('base64');
  return wrapped('$binary', `{"base64": "${canonical}", "subType": "${subtype.toLowerCase().padStart(2, '0')}"}`);
}

function uuid(pairs: Pairs): string {
  const digits = onlyString(pairs, '$uuid')
    .replace('urn:', '')
    .replace('uuid:', '')
    .replace(/^[{}]+|[{}]+$|-/g, '');
  return binaryText(Buffer.from(match(/^[0-9a-f]{32}$/i, digits)[0], 'hex').toString('base64'), '04');
}

function code(pairs: Pairs): string {
  const source = string(pairs.get('$code'), '$code');
  const scope = pairs.get('$scope') ?? 'null';
  const extra = [...pairs.keys()].some((key) => key !== '$code' && key !== '$scope');
  if (extra || (scope !== 'null' && !scope.startsWith('{'))) throw malformed('$code');
  return `{"$code": ${quoted(source)}${scope === 'null' ? '' : `, "$scope": ${scope}`}}`;
}

function timestamp(pairs: Pairs): string {
  const { t, i } = parts(pairs.get('$timestamp') as string);
  if (![t, i].every((part) => Number.isInteger(part) && (part as number) >= 0 && (part as number) < 2 ** 32)) {
    throw malformed('$timestamp');
  }
  return wrapped('$timestamp', `{"t": ${t}, "i": ${i}}`);
}

function decimal(pairs: Pairs): string {
  const text = match(
    /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$|^[+-]?(?:inf|infinity|nan)$/i,
    onlyString(pairs, '$numberDecimal'),
  )[0];
  try {
    return wrapped('$numberDecimal', quoted(Decimal128.fromString(text).toString()));
  } catch {
    throw malformed('$numberDecimal');
  }
}

function databasePointer(pairs: Pairs): string {
  const text = only(pairs, '$dbPointer');
  const { $ref, $id } = parts(text, ['$ref', '$id']);
  if (typeof $ref !== 'string' || typeof $id !== 'object' || !Object.hasOwn($id ?? {}, '$oid')) throw malformed('$dbPointer');
  return text;
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

function only(pairs: Pairs, key: string): string {
  if (pairs.size > 1) throw malformed(key);
  return pairs.get(key) as string;
}

function onlyString(pairs: Pairs, key: string): string {
  return string(only(pairs, key), key);
}

/** The string that a text of JSON stands for, or undefined if it is another value. */
function asString(text: string | undefined): string | undefined {
  return text?.startsWith('"') ? (JSON.parse(text) as string) : undefined;
}

function string(text: string | undefined, key: string): string {
  const value = asString(text);
  if (value === undefined) throw malformed(key);
  return value;
}

function stringPart(value: unknown): string {
  if (typeof value !== 'string') throw malformed(String(value));
  return value;
}

/** The values in a text of a document. @param keys exactly these must be there */
function parts(text: string, keys?: readonly string[]): Record<string, unknown> {
  if (!text.startsWith('{')) throw malformed(text);
  const values = JSON.parse(text) as Record<string, unknown>;
  if (keys && (Object.keys(values).length !== keys.length || !keys.every((key) => Object.hasOwn(values, key))))
    throw malformed(text);
  return values;
}

function match(pattern: RegExp, text: string): RegExpExecArray {
  const found = pattern.exec(text);
  if (!found) throw new SyntaxError(`'${text.slice(0, 60)}' is not what Extended JSON has there`);
  return found;
}

function malformed(key: string): SyntaxError {
  return new SyntaxError(`malformed Extended JSON: ${key.slice(0, 60)}`);
}

function wrapped(key: string, text: string): string {
  return `{"${key}": ${text}}`;
}
