import { ObjectId } from '../bson/index.js';
import type { SampleCollection } from '../datasets/sample-collection.js';
import { UsageError } from '../errors.js';
import { fieldPath } from './field-path.js';
import { type Owner, sampleOwners } from './owners.js';
import type { Target } from './target.js';
import { iterateValues } from './values.js';

/** Values to set: one for each sample in order, or by key. Those that come as an async iterable are not held in memory. */
export type GivenValues =
  | Iterable<unknown>
  | AsyncIterable<unknown>
  | ReadonlyMap<unknown, unknown>
  | Readonly<Record<string, unknown>>;

/** A sample and the value that it is to get. */
export interface Pair {
  readonly owner: Owner;
  readonly value: unknown;
}

/**
 * Pairs samples with their values: all at once, but for an async iterable, where it is a batch at a time.
 *
 * @throws UsageError when there are too few or too many values, and for keys that no sample or several samples have
 */
export async function* pairsOf(
  samples: SampleCollection,
  path: string,
  target: Target | undefined,
  values: GivenValues,
  keyField: string | undefined,
): AsyncGenerator<Pair[]> {
  const keyed = keyedEntries(values);
  if (keyed !== undefined) {
    if (keyField === undefined) throw new UsageError('values by key need the option keyField, the field that has the keys');
    yield await pairsByKey(samples, target, keyed, keyField);
    return;
  }
  if (keyField !== undefined) throw new UsageError('keyField is for values by key: give a Map or an object');
  if (isAsync(values)) return yield* pairsInTurn(samples, path, target, values);
  const list = listOf(path, values);
  const owners: Owner[] = [];
  for await (const batch of sampleOwners(samples, target)) for (const owner of batch) owners.push(owner);
  if (owners.length !== list.length) throw wrongCount(samples, path, list.length, owners.length);
  yield owners.map((owner, i) => ({ owner, value: list[i] }));
}

async function* pairsInTurn(
  samples: SampleCollection,
  path: string,
  target: Target | undefined,
  values: AsyncIterable<unknown>,
): AsyncGenerator<Pair[]> {
  const iterator = values[Symbol.asyncIterator]();
  let count = 0;
  try {
    for await (const batch of sampleOwners(samples, target)) {
      const pairs: Pair[] = [];
      for (const owner of batch) {
        const next = await iterator.next();
        if (next.done) break;
        pairs.push({ owner, value: next.value });
      }
      count += pairs.length;
      if (pairs.length > 0) yield pairs;
      if (pairs.length < batch.length) throw tooFew(samples, path, count);
    }
    if (!(await iterator.next()).done)
      throw new UsageError(`there are more values for '${path}' than the ${count} samples; all of these are set`);
  } finally {
    await iterator.return?.();
  }
}

function tooFew(samples: SampleCollection, path: string, count: number): UsageError {
  const name = String(samples.doc.get('name'));
  return new UsageError(`${count} values for '${path}' are too few for dataset '${name}'; the first ${count} samples are set`);
}

function wrongCount(samples: SampleCollection, path: string, given: number, count: number): UsageError {
  const what = `${samples.isView ? 'the view of ' : ''}dataset '${String(samples.doc.get('name'))}'`;
  return new UsageError(`${given} values for '${path}', but ${what} has ${count} samples`);
}

function isAsync(values: GivenValues): values is AsyncIterable<unknown> {
  return typeof values === 'object' && values !== null && Symbol.asyncIterator in values;
}

function listOf(path: string, values: GivenValues): readonly unknown[] {
  if (Array.isArray(values)) return values;
  if (typeof values === 'object' && values !== null && Symbol.iterator in values) return [...(values as Iterable<unknown>)];
  throw new UsageError(`the values for '${path}' must be a list, a Map or an object by key, or an async iterable`);
}

/** The entries of a map or a plain object, or undefined for anything else. */
export function keyedEntries(values: unknown): Map<unknown, unknown> | undefined {
  if (values instanceof Map) return values;
  if (typeof values !== 'object' || values === null) return undefined;
  const prototype = Object.getPrototypeOf(values);
  return prototype === null || prototype === Object.prototype ? new Map(Object.entries(values)) : undefined;
}

async function pairsByKey(
  samples: SampleCollection,
  target: Target | undefined,
  values: ReadonlyMap<unknown, unknown>,
  keyField: string,
): Promise<Pair[]> {
  const isId = keyField === 'id' || keyField === '_id';
  const textOf = (key: unknown) => (isId ? keyText(key).toLowerCase() : keyText(key));
  const byKey = new Map([...values].map(([key, value]) => [textOf(key), value]));
  const pairs = isId ? await pairsById(samples, target, byKey, keyField) : await pairsByField(samples, target, byKey, keyField);
  const found = new Set(pairs.map(({ key }) => key));
  const unknown = [...byKey.keys()].filter((key) => !found.has(key));
  if (unknown.length > 0) throw unknownKeys(samples, keyField, unknown);
  if (found.size < pairs.length) {
    const seen = new Set<string>();
    const twice = pairs.find(({ key }) => seen.size === seen.add(key).size);
    throw new UsageError(
      `several samples of dataset '${String(samples.doc.get('name'))}' have the ${keyField} ${twice?.key}: it cannot be a key`,
    );
  }
  return pairs;
}

interface KeyedPair extends Pair {
  readonly key: string;
}

/** How many ids one query asks for: a query has 16 MB at most. */
const IDS = 100_000;

async function pairsById(
  samples: SampleCollection,
  target: Target | undefined,
  values: ReadonlyMap<string, unknown>,
  keyField: string,
): Promise<KeyedPair[]> {
  const keys = [...values.keys()];
  const malformed = keys.filter((key) => !/^[0-9a-f]{24}$/.test(key));
  if (malformed.length > 0) throw unknownKeys(samples, keyField, malformed);
  const pairs: KeyedPair[] = [];
  for (let i = 0; i < keys.length; i += IDS) {
    const ids = keys.slice(i, i + IDS).map((key) => new ObjectId(key));
    for await (const batch of sampleOwners(samples, target, ids)) {
      for (const owner of batch) {
        const key = owner.id.toHexString();
        pairs.push({ owner, key, value: values.get(key) });
      }
    }
  }
  return pairs;
}

async function pairsByField(
  samples: SampleCollection,
  target: Target | undefined,
  values: ReadonlyMap<string, unknown>,
  keyField: string,
): Promise<KeyedPair[]> {
  const { steps, scope } = fieldPath(samples.doc, keyField);
  if (scope === 'frames') throw new UsageError(`You cannot use frame-level key field '${keyField}' to set values of samples`);
  if (steps.some(({ unwound }) => unwound.length > 0)) {
    throw new UsageError(`Invalid key field '${keyField}'; keys cannot be list fields`);
  }
  const keys = new Map<string, string>();
  for await (const [id, key] of iterateValues(samples, ['id', keyField])) {
    if (key !== null && values.has(keyText(key))) keys.set(String(id), keyText(key));
  }
  if (keys.size === 0) return [];
  const pairs: KeyedPair[] = [];
  for await (const batch of sampleOwners(samples, target)) {
    for (const owner of batch) {
      const key = keys.get(owner.id.toHexString());
      if (key !== undefined) pairs.push({ owner, key, value: values.get(key) });
    }
  }
  return pairs;
}

/** Keys of the same text are the same: object keys are always text. */
export function keyText(key: unknown): string {
  if (key instanceof ObjectId) return key.toHexString();
  return key instanceof Date ? key.toISOString() : String(key);
}

export function unknownKeys({ doc }: SampleCollection, keyField: string, keys: readonly string[]): UsageError {
  return new UsageError(
    `Found ${keys.length} keys (eg: ${keys[0]}) that do not match the '${keyField}' field of any samples of dataset '${String(doc.get('name'))}'`,
  );
}
