import { Doc, type Value } from './doc.js';
import { encode } from './encode.js';
import { extendedValue, Reference, ScopedCode } from './extended-value.js';
import { type Json, JsonNumber } from './json.js';
import { numberText, quoted } from './python-json-text.js';
import { millisecondsOf } from './scalar.js';
import { bsonToJson } from './write-json.js';

const FIRST_YEAR_MS = -62_135_596_800_000n;
const AFTER_LAST_YEAR_MS = 253_402_300_800_000n;

/**
 * What Python's `json_util` writes for an object that it reads as an Extended JSON value, or undefined for a document.
 *
 * @param textOf gives the text of a value
 * @throws SyntaxError for what Python refuses
 */
export function extendedText(pairs: ReadonlyMap<string, Json>, textOf: (json: Json) => string): string | undefined {
  const extended = extendedValue(pairs);
  if (extended === undefined) return undefined;
  if (extended instanceof JsonNumber) return numberText(extended.text) ?? extended.text;
  if (extended instanceof ScopedCode) return `{"$code": ${quoted(extended.code)}, "$scope": ${textOf(extended.scope)}}`;
  if (extended instanceof Reference)
    return `{${extended.entries.map(([key, json]) => `${quoted(key)}: ${textOf(json)}`).join(', ')}}`;
  return typeof extended === 'string' ? quoted(extended) : valueText(extended);
}

function valueText(value: Value): string {
  const ms = millisecondsOf(value);
  if (ms !== undefined && (ms < FIRST_YEAR_MS || ms >= AFTER_LAST_YEAR_MS))
    throw new SyntaxError('malformed Extended JSON: $date');
  return bsonToJson(encode(Doc.of(['v', value])))
    .toString()
    .slice('{"v": '.length, -1);
}
