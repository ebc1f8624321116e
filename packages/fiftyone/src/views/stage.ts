import { Doc, numberOf, ObjectId, parseEjson, Scalar, type Value } from '../bson/index.js';
import { BsonType } from '../bson/scalar.js';
import { MalformedError } from '../errors.js';

/** One stage of a view: its name, as in Python, and its arguments. */
export interface Stage {
  /** For example `FilterLabels`. */
  readonly name: string;
  readonly kwargs: Kwargs;
}

/** Reads a stage as saved views store it: `{"_cls": "fiftyone.core.stages.X", "kwargs": [[name, value], …]}`, with more keys perhaps. */
export function parseStage(text: string): Stage {
  let value: Value;
  try {
    value = parseEjson(text);
  } catch (error) {
    throw new MalformedError('a stage of a view', JSON.stringify(text.slice(0, 80)), `JSON (${(error as Error).message})`);
  }
  return stageOf(value);
}

/** A stage of the document that it is stored as. */
export function stageOf(value: Value | undefined): Stage {
  const cls = value instanceof Doc ? value.get('_cls') : undefined;
  const kwargs = value instanceof Doc ? value.get('kwargs') : undefined;
  if (typeof cls !== 'string' || !Array.isArray(kwargs))
    throw malformed('a stage of a view', value, 'a document with _cls and kwargs');
  const name = cls.slice(cls.lastIndexOf('.') + 1);
  const pairs = kwargs.map((pair): [string, Value] => {
    if (!Array.isArray(pair) || typeof pair[0] !== 'string' || pair.length !== 2)
      throw malformed(name, pair ?? null, 'a name and a value');
    return [pair[0], regexes(pair[1] as Value)];
  });
  return { name, kwargs: new Kwargs(name, new Map(pairs)) };
}

/** The arguments of a stage; null is the same as missing. */
export class Kwargs {
  constructor(
    readonly stage: string,
    readonly values: ReadonlyMap<string, Value>,
  ) {}

  value(name: string): Value {
    return this.values.get(name) ?? null;
  }

  string(name: string): string {
    const value = this.value(name);
    if (typeof value !== 'string') throw this.#malformed(name, 'a string');
    return value;
  }

  integer(name: string): number {
    const value = numberOf(this.value(name));
    if (value === undefined || !Number.isInteger(value)) throw this.#malformed(name, 'a whole number');
    return value;
  }

  /** @param missing what it is if it is not given */
  boolean(name: string, missing = false): boolean {
    const value = this.value(name);
    if (value === null) return missing;
    if (typeof value !== 'boolean') throw this.#malformed(name, 'true or false');
    return value;
  }

  /** A list; one value is a list of one. Undefined if it is not given. */
  list(name: string): readonly Value[] | undefined {
    const value = this.value(name);
    if (value === null) return undefined;
    return Array.isArray(value) ? value : [value];
  }

  strings(name: string): readonly string[] | undefined {
    return this.list(name)?.map((item) => {
      if (typeof item !== 'string') throw this.#malformed(name, 'strings');
      return item;
    });
  }

  /** Ids, which are stored as hex strings. */
  ids(name: string): readonly ObjectId[] | undefined {
    return this.list(name)?.map((item) => idOf(item, `${name} of ${this.stage}`));
  }

  document(name: string): Doc | undefined {
    const value = this.value(name);
    if (value === null) return undefined;
    if (!(value instanceof Doc)) throw this.#malformed(name, 'a document');
    return value;
  }

  #malformed(name: string, expected: string): MalformedError {
    return malformed(`${name} of ${this.stage}`, this.value(name), expected);
  }
}

/** An id given as such or as a hex string. */
export function idOf(value: Value | undefined, where: string): ObjectId {
  if (value instanceof ObjectId) return value;
  if (typeof value !== 'string' || !/^[0-9a-f]{24}$/i.test(value)) throw malformed(where, value ?? null, 'ids of 24 hex digits');
  return new ObjectId(value);
}

function malformed(where: string, value: Value | undefined, expected: string): MalformedError {
  const found =
    value === null || value === undefined ? 'missing' : typeof value === 'string' ? JSON.stringify(value) : 'something else';
  return new MalformedError(where, found, expected);
}

/** Python reads `{"$regex": …}` as a regular expression, wherever it stands. */
function regexes(value: Value): Value {
  if (Array.isArray(value)) return value.map(regexes);
  if (!(value instanceof Doc)) return value;
  const pattern = value.get('$regex');
  const options = value.get('$options') ?? '';
  const others = [...value.keys()].some((key) => key !== '$regex' && key !== '$options');
  if (!others && typeof pattern === 'string' && typeof options === 'string') return regex(pattern, options);
  return new Doc([...value].map(([key, item]) => [key, regexes(item)]));
}

function regex(pattern: string, options: string): Scalar {
  const flags = [...new Set(options)].sort().join('');
  return new Scalar(BsonType.regex, Buffer.from(`${pattern}\0${flags}\0`));
}
