import { ObjectId } from '../bson/index.js';
import type { Reading, SampleCollection } from '../datasets/sample-collection.js';
import { UsageError } from '../errors.js';
import { InvalidValueError } from '../fields/invalid-value.js';
import { keyText, type Pair, unknownKeys } from './given-values.js';
import { frameOwners, type Owner } from './owners.js';
import type { Target } from './target.js';

/** How many samples' frames are asked for at once. */
const SAMPLES = 1000;

/**
 * Pairs frames with the values of their samples: a list with one for each frame that is there, in order, or a map by frame number,
 * which may name frames that are not there yet. Samples without a value are left alone.
 *
 * @throws UsageError when a list has too few or too many values
 */
export async function framePairs(samples: SampleCollection, target: Target, pairs: readonly Pair[]): Promise<Pair[]> {
  const reading = framesOf(samples);
  const wanted = pairs.filter(({ value }) => value !== null && value !== undefined);
  const found: Pair[] = [];
  for (let i = 0; i < wanted.length; i += SAMPLES) {
    const some = wanted.slice(i, i + SAMPLES);
    const frames = new Map<string, Owner[]>(some.map(({ owner }) => [owner.id.toHexString(), []]));
    const ids = some.map(({ owner }) => owner.id);
    for await (const batch of frameOwners(samples, reading, target, { _sample_id: { $in: ids } })) {
      for (const frame of batch) frames.get(frame.sample?.toHexString() ?? '')?.push(frame);
    }
    for (const { owner, value } of some) {
      for (const pair of pairsOfSample(samples, target, owner, frames.get(owner.id.toHexString()) ?? [], value)) found.push(pair);
    }
  }
  return found;
}

function pairsOfSample(
  samples: SampleCollection,
  { path }: Target,
  sample: Owner,
  frames: readonly Owner[],
  value: unknown,
): readonly Pair[] {
  const where = `sample ${sample.id.toHexString()} of dataset '${String(samples.doc.get('name'))}'`;
  const entries = entriesOf(value);
  if (entries === undefined) {
    if (typeof value !== 'object' || value === null || !(Symbol.iterator in value)) {
      throw new InvalidValueError(path.text, `a list or a map by frame number expected for ${where}`);
    }
    const list = Array.isArray(value) ? value : [...(value as Iterable<unknown>)];
    if (list.length === frames.length) return frames.map((owner, i) => ({ owner, value: list[i] }));
    throw new UsageError(`${list.length} values for '${path.text}', but ${where} has ${frames.length} frames`);
  }
  const byNumber = new Map(frames.map((frame) => [frame.number, frame]));
  return entries.map(([key, item]) => {
    const number = Number(key);
    if (!Number.isSafeInteger(number) || number < 1 || number >= 2 ** 31) {
      throw new InvalidValueError(path.text, `Frame numbers must be 1-based integers; found ${String(key)} for ${where}`);
    }
    // its id is made by the server
    const made: Owner = { id: sample.id, sample: sample.id, number, isNew: true, absentFrom: 0 };
    return { owner: byNumber.get(number) ?? made, value: item };
  });
}

function entriesOf(value: unknown): [unknown, unknown][] | undefined {
  if (value instanceof Map) return [...value];
  if (typeof value !== 'object' || value === null) return undefined;
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype ? Object.entries(value) : undefined;
}

/** Pairs frames with their values by id. @throws UsageError for ids that no frame has */
export async function framePairsById(
  samples: SampleCollection,
  target: Target,
  values: ReadonlyMap<unknown, unknown>,
  keyField: string,
): Promise<Pair[]> {
  const byKey = new Map([...values].map(([key, value]) => [keyText(key).toLowerCase(), value]));
  const malformed = [...byKey.keys()].filter((key) => !/^[0-9a-f]{24}$/.test(key));
  if (malformed.length > 0) throw unknownKeys(samples, keyField, malformed);
  const ids = [...byKey.keys()].map((key) => new ObjectId(key));
  const pairs: Pair[] = [];
  for await (const batch of frameOwners(samples, framesOf(samples), target, { _id: { $in: ids } })) {
    for (const owner of batch) pairs.push({ owner, value: byKey.get(owner.id.toHexString()) });
  }
  const found = new Set(pairs.map(({ owner }) => owner.id.toHexString()));
  const unknown = [...byKey.keys()].filter((key) => !found.has(key));
  if (unknown.length > 0) throw unknownKeys(samples, keyField, unknown);
  return pairs;
}

function framesOf(samples: SampleCollection): Reading {
  const reading = samples.frames();
  if (reading === undefined) throw new UsageError(`Dataset '${String(samples.doc.get('name'))}' has no frames`);
  return reading;
}
