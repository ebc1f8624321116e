import { Doc, type ReadonlyDoc, type Value } from '../../bson/index.js';

/** What a key becomes that is missing or null: left out, null, or a default. `never` leaves it out whatever it has. */
type Otherwise = 'never' | 'absent' | 'null' | (() => Value);

/** What becomes of the value of a key: of a document, or of each document of a list. */
export interface DocumentShape {
  readonly [key: string]: { readonly otherwise: Otherwise; readonly shape?: () => DocumentShape; readonly each?: boolean };
}

/**
 * A document with its keys in the order of a shape. Keys that the shape does not know stay, behind the others: a newer release
 * may mean something by them.
 */
export function shaped(doc: ReadonlyDoc, shape: DocumentShape): Doc {
  const result = new Doc();
  for (const [key, { otherwise, shape: inner, each }] of Object.entries(shape)) {
    if (otherwise === 'never') continue;
    const value = doc.get(key) ?? null;
    if (value !== null) result.set(key, inner ? shapedValue(value, inner(), each ?? false) : value);
    else if (otherwise !== 'absent') result.set(key, otherwise === 'null' ? null : otherwise());
  }
  for (const [key, value] of doc) if (!Object.hasOwn(shape, key)) result.set(key, value);
  return result;
}

function shapedValue(value: Value, shape: DocumentShape, each: boolean): Value {
  if (Array.isArray(value)) return value.map((item) => (item instanceof Doc ? shaped(item, shape) : item));
  if (!(value instanceof Doc)) return value;
  if (!each) return shaped(value, shape);
  return new Doc([...value].map(([key, item]) => [key, item instanceof Doc ? shaped(item, shape) : item]));
}
