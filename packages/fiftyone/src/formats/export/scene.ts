import { type Json, JsonNumber, JsonObject, parseJson } from '../../bson/json.js';
import { numberText, rawQuoted } from '../../bson/python-json-text.js';

/** Keys of a scene whose text is the path of a file. */
const ASSET = /^[a-z0-9]+Path$/i;
/** The same for its background: one path, or a list of them. */
const BACKGROUND = ['image', 'cube'];

/**
 * Gives every path in a 3D scene (`.fo3d`) to a function and puts what it returns in its place.
 *
 * @returns the new text, as the real client writes scenes, or undefined if nothing has changed
 * @throws SyntaxError for what is no JSON
 */
export function mapScenePaths(text: string, map: (path: string) => string): string | undefined {
  let changed = false;
  const mapped = (path: Json): Json => {
    if (Array.isArray(path)) return path.map(mapped);
    if (typeof path !== 'string' || path === '') return path;
    const result = map(path);
    if (result !== path) changed = true;
    return result;
  };
  const walk = (json: Json, isBackground = false): Json => {
    if (Array.isArray(json)) return json.map((item) => walk(item));
    if (!(json instanceof JsonObject)) return json;
    const isAsset = (key: string) => ASSET.test(key) || (isBackground && BACKGROUND.includes(key));
    return new JsonObject(
      json.entries.map(([key, value]) => [key, isAsset(key) ? mapped(value) : walk(value, key === 'background')]),
    );
  };
  const scene = walk(parseJson(text));
  return changed ? plainText(scene) : undefined;
}

/** As the scenes of the real client are written: UTF-8, and blanks after colons only. */
function plainText(json: Json): string {
  if (json instanceof JsonNumber) return /[a-z]{2}/i.test(json.text) ? json.text : (numberText(json.text) ?? json.text);
  if (json instanceof JsonObject) return `{${json.entries.map(([key, value]) => `${rawQuoted(key)}: ${plainText(value)}`)}}`;
  if (Array.isArray(json)) return `[${json.map(plainText)}]`;
  return typeof json === 'string' ? rawQuoted(json) : String(json);
}
