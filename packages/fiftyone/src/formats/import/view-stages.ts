import { type Json, JsonNumber, JsonObject, parseJson } from '../../bson/json.js';
import { quoted } from '../../bson/python-json-text.js';

/**
 * A stage of a saved view without what it remembers of the dataset that was generated for it: that one belongs to another dataset.
 * The client then generates it anew. A stage that remembers nothing, or is no JSON, stays as it is.
 */
export function withoutState(stage: string): string {
  if (!stage.includes('"_state"')) return stage;
  let json: Json;
  try {
    json = parseJson(stage);
  } catch {
    return stage;
  }
  if (!(json instanceof JsonObject)) return stage;
  const kwargs = json.entries.find(([key]) => key === 'kwargs')?.[1];
  if (!Array.isArray(kwargs)) return stage;
  for (const pair of kwargs) if (Array.isArray(pair) && pair[0] === '_state') pair[1] = null;
  return text(json);
}

function text(json: Json): string {
  if (json === null || typeof json === 'boolean') return String(json);
  if (typeof json === 'string') return quoted(json);
  if (json instanceof JsonNumber) return json.text;
  if (Array.isArray(json)) return `[${json.map(text).join(', ')}]`;
  return `{${json.entries.map(([key, value]) => `${quoted(key)}: ${text(value)}`).join(', ')}}`;
}
