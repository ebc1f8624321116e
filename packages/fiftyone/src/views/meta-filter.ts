import { Doc, type ReadonlyDoc, Scalar, type Value } from '../bson/index.js';
import type { Field } from './schema.js';

/**
 * The paths of the fields that a `meta_filter` is about.
 *
 * `name`, `description` and `info` look for text in these, whatever its case, `any` in all three, and `info.KEY` in the value of
 * a key of `info`; `type` is the name of a class. All must match. Fields within documents are looked at with
 * `include_nested_fields` only.
 */
export function fieldsNamed(fields: readonly Field[], filter: ReadonlyDoc): string[] {
  const rules = [...filter].filter(([key]) => key !== 'include_nested_fields');
  const matches = (field: Field) => rules.every(([key, value]) => matchesRule(field, key, textOf(value)));
  return pathsWhere(fields, filter.get('include_nested_fields') === true, matches);
}

function pathsWhere(fields: readonly Field[], nested: boolean, matches: (field: Field) => boolean): string[] {
  return fields.flatMap((field) => [
    ...(matches(field) ? [field.name] : []),
    ...(nested ? pathsWhere(field.fields, nested, matches).map((path) => `${field.name}.${path}`) : []),
  ]);
}

function matchesRule(field: Field, key: string, text: string): boolean {
  if (key === 'name') return has(field.name, text);
  if (key === 'description') return has(field.description, text);
  if (key === 'info') return has(infoText(field.info), text);
  if (key === 'type') return field.type === text || (field.type === 'EmbeddedDocumentField' && field.document === text);
  if (key === 'any') return [field.name, field.description, infoText(field.info)].some((part) => has(part, text));
  return key.startsWith('info.') && has(infoText(field.info?.get(key.slice('info.'.length))), text);
}

function has(part: string | undefined, text: string): boolean {
  return part?.toLowerCase().includes(text.toLowerCase()) ?? false;
}

function infoText(value: Value | ReadonlyDoc | undefined): string {
  if (value instanceof Map) return [...value].map(([key, item]) => `${key}: ${infoText(item)}`).join(', ');
  return Array.isArray(value) ? value.map(infoText).join(', ') : textOf((value as Value | undefined) ?? null);
}

function textOf(value: Value): string {
  return value === null || value instanceof Scalar || value instanceof Doc ? '' : String(value);
}
