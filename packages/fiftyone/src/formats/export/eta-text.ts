import { type Json, JsonNumber, JsonObject, parseJson } from '../../bson/json.js';
import { numberText } from '../../bson/python-json-text.js';

/** JSON as the real client writes results and scenes: UTF-8, blanks after colons only, and what is not finite by its name. */
export function plainText(json: Json): string {
  if (json instanceof JsonNumber) return /[a-z]{2}/i.test(json.text) ? json.text : (numberText(json.text) ?? json.text);
  if (Array.isArray(json)) return `[${json.map(plainText)}]`;
  if (!(json instanceof JsonObject)) return JSON.stringify(json);
  const [first] = json.entries;
  if (json.entries.length === 1 && first?.[0] === '$numberDouble') return String(first[1]);
  return `{${json.entries.map(([key, value]) => `${JSON.stringify(key)}: ${plainText(value)}`)}}`;
}

/** The text of stored results as they are exported, or undefined for what is no JSON. */
export function etaText(text: string): string | undefined {
  try {
    return plainText(parseJson(text));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
