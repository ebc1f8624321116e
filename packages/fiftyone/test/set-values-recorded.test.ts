import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { clone, Doc, decode, double, ObjectId, parseEjsonDoc, Scalar, toEjson, type Value } from '../src/bson/index.js';
import { Dataset } from '../src/datasets/dataset.js';
import { NdArray, unpackArray } from '../src/fields/nd-array.js';
import * as labels from '../src/samples/labels.js';
import { setValues } from '../src/values/set-values.js';
import { freshDatabase } from './support/fresh-database.js';
import { connectAsAdmin } from './support/migrated.js';
import { sourceOf } from './support/recorded-values.js';
import { reset } from './support/reset.js';
import { type Snapshot, snapshot } from './support/snapshot.js';

interface Call {
  readonly dataset: string;
  readonly path: string;
  readonly values: unknown;
  readonly options: Record<string, unknown>;
  readonly error?: string;
  /** Canonical Extended JSON: by collection, the documents that are not as they were. */
  readonly changed: string;
}

const calls = gunzipSync(readFileSync(new URL('fixtures/values/set-values.json.gz', import.meta.url)))
  .toString('utf8')
  .split('\n')
  .filter((line) => line.startsWith('{'))
  .map((line): Call => {
    const text = line.replace(/,$/, '');
    const at = text.lastIndexOf('"changed":') + '"changed":'.length;
    return { ...JSON.parse(text), changed: text.slice(at, -1) };
  });

/** What a call says, as the recorder understands it. */
function meant(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(meant);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value) as [string, never][];
  const [[key, content] = ['']] = entries;
  switch (entries.length === 1 ? key : '') {
    case '$float':
      return double(content as unknown as number);
    case '$int':
      return BigInt(content as unknown as string);
    case '$date':
    case '$day':
      return new Date(content as unknown as number);
    case '$oid':
      return new ObjectId(content as unknown as string);
    case '$array':
      return arrayOf(content as unknown as { dtype: string; shape: number[]; data: number[] });
    case '$label': {
      const { _cls, ...attributes } = content as unknown as { _cls: keyof typeof labels };
      // biome-ignore lint/performance/noDynamicNamespaceImportAccess: any class of labels can be meant
      return new (labels[_cls] as new (attributes: unknown) => unknown)(meant(attributes));
    }
    case '$frames':
    case '$map':
      return new Map((content as unknown as [unknown, unknown][]).map(([name, item]) => [meant(name), meant(item)]));
    default:
      return Object.fromEntries(entries.map(([name, item]) => [name, meant(item)]));
  }
}

function arrayOf({ dtype, shape, data }: { dtype: string; shape: number[]; data: number[] }): NdArray {
  const types = { '<f8': Float64Array, '<f4': Float32Array, '|u1': Uint8Array };
  return new NdArray(types[dtype as '<f8'].from(data), shape);
}

const OPTIONS = { key_field: 'keyField', skip_none: 'skipNone', expand_schema: 'expandSchema', dynamic: 'dynamic' };

/** Documents as they compare, a line for each of their values: times of the call, and ids that were made for it, are all the same. */
function comparable(collection: string, docs: readonly Value[], known: ReadonlySet<string>): string[] {
  return docs
    .flatMap((value) => {
      const doc = clone(value) as Doc;
      const id = String(doc.get('_id'));
      if (collection === 'datasets') {
        return [...fieldsOf(doc, 'sample_fields'), ...fieldsOf(doc, 'frame_fields')].map((field) => toEjson(field));
      }
      doc.set('last_modified_at', 'now');
      if (!known.has(id)) doc.set('_id', 'new').set('created_at', 'now').delete('_dataset_id');
      return [...doc].map(([key, item]) => `${doc.get('_id')} ${key} ${toEjson(unpacked(item))}`);
    })
    .sort();
}

/** Arrays as what is in them: there is more than one way to deflate them. */
function unpacked(value: Value): Value {
  if (Array.isArray(value)) return value.map(unpacked);
  if (value instanceof Doc) return new Doc([...value].map(([key, item]) => [key, unpacked(item)]));
  const array = value instanceof Scalar ? unpackArray(value) : undefined;
  return array === undefined ? value : `${array.dtype} ${array.shape} ${array.data}`;
}

function fieldsOf(doc: Doc, key: string): Doc[] {
  const entries = (doc.get(key) as Doc[] | undefined) ?? [];
  return entries.map(timeless);
}

function timeless(entry: Doc): Doc {
  const fields = (entry.get('fields') as Doc[]).map(timeless);
  return new Doc([...entry]).set('fields', fields).set('created_at', null);
}

/** What the real client does with a loss, in silence, and ours not at all: a part of what ours says, by the number of the call. */
const REFUSED: Readonly<Record<number, string>> = {
  3: "field 'i'. Reason: 1.5 is not an integer (sample 6b01f6cd22f88f4aef4b9641)",
  32: "has no field 'cl.foo'",
  42: "has no field 'gt.detections.new'",
  51: '1970-01-02T00:00:00.001Z is not the beginning of a day',
  54: "'li[0]'. Reason: 3.5 is not an integer",
  63: 'Found 1 keys (eg: 000000000000000000000000)',
  75: "'id' of dataset 'table' cannot be set",
  77: "2 values for 'f', but dataset 'table' has 4 samples",
  78: "5 values for 'f', but dataset 'table' has 4 samples",
  82: "0 values for 'f', but dataset 'table' has 4 samples",
  85: "has no field 'emb.x'",
  86: "has no field 'emb.new'",
  98: "1 values for 'frames.x', but sample 6b01f6cd22f88f4aef4b9646 of dataset 'video-table' has 2 frames",
  101: "'frames.frame_number' of dataset 'video-table' cannot be set",
};

/** Where the real client fails half-way, or passes over a value: parts of the lines that ours writes, and the real client does not. */
const DIFFERENT: Readonly<Record<number, readonly string[]>> = {
  // integers and other numbers are numbers
  9: ['new_if {"$numberDouble":"2.5"}', '"name":"new_if","ftype":"fiftyone.core.fields.FloatField"'],
  43: ['"ftype":"fiftyone.core.fields.FloatField"', '"new":{"$numberDouble":"2.0"}'],
  // JavaScript's dates have a time
  12: ['"name":"new_d","ftype":"fiftyone.core.fields.DateTimeField"'],
  // JavaScript's objects have integer-like keys first: a Map keeps their order
  20: ['new_dict {"2":{"$numberInt":"2"},"10":{"$numberInt":"1"}}'],
  // a label that is not there is made whole, and not at all for null
  29: ['"_cls":"Classification","tags":[],"label":"r"', '"_cls":"Classification","tags":[],"label":"t"'],
  30: [],
  34: ['metadata {"_cls":"ImageMetadata","width":{"$numberInt":"1"}}'],
  // the type of what a dictionary holds is not that of its first value
  36: ['"z":{"$numberInt":"5"}', '"x":{"$numberDouble":"1.0"}'],
  46: [],
  // coordinates are doubles
  57: ['"points":[[[{"$numberDouble":"0.0"},{"$numberDouble":"0.0"}],'],
  58: ['"points":[[{"$numberDouble":"0.0"},{"$numberDouble":"0.5"}]]'],
  59: ['"coordinates":[{"$numberDouble":"1.5"},{"$numberDouble":"2.0"}]'],
  // a date is a time
  52: ['dt {"$date":{"$numberLong":"0"}}'],
  // no value for a sample, and frames that are not there yet
  88: ['x {"$numberInt":"10"}', 'x null', 'x {"$numberInt":"20"}'],
  89: ['x {"$numberInt":"10"}', 'x {"$numberInt":"20"}'],
  90: ['x {"$numberInt":"12"}', 'frame_number {"$numberInt":"7"}'],
  92: ['newf {"$numberDouble":"11.0"}', 'newf {"$numberDouble":"12.0"}'],
  97: ['frame_number {"$numberInt":"3"}', 'x {"$numberInt":"33"}'],
  100: ['c {"_id":{"$oid":"6b01f6cd22f88f4aef4b9640"}'],
};

test('what is written is what the real client writes, and where that is a loss it is refused', async () => {
  const database = await freshDatabase(await sourceOf('table'));
  const connection = await connectAsAdmin(database);
  const before = await snapshot(database.db);
  const datasets = (before.collections.get('datasets') ?? []).map(decode);
  const wrong: string[] = [];
  for (const [i, call] of calls.entries()) {
    const doc = datasets.find((one) => one.get('name') === call.dataset) as Doc;
    const options = Object.fromEntries(Object.entries(call.options).map(([key, value]) => [OPTIONS[key as 'dynamic'], value]));
    const failure = await setValues(new Dataset(connection, doc), call.path, meant(call.values) as never, options).then(
      () => undefined,
      (error: Error) => error.message,
    );
    const after = await snapshot(database.db);
    const [ours, theirs] = [linesOf(after, before, call), recordedLines(call, before)];
    const said = (why: string) =>
      wrong.push(`${i} ${call.path} ${JSON.stringify(call.values).slice(0, 80)} ${JSON.stringify(call.options)}: ${why}`);
    const more = ours.filter((line) => !theirs.includes(line));
    const less = theirs.filter((line) => !ours.includes(line));
    if (failure !== undefined) {
      if (ours.length > 0) said(`failed, but wrote ${ours.join('\n')}`);
      if (call.error === undefined && !failure.includes(REFUSED[i] ?? '\0')) said(`failed: ${failure}`);
    } else if (REFUSED[i] !== undefined) said('was not refused');
    else if (DIFFERENT[i] !== undefined) {
      if (more.length + less.length === 0) said('is no longer different');
      for (const part of DIFFERENT[i]) if (!more.some((line) => line.includes(part))) said(`lacks ${part} in ${more.join('\n')}`);
    } else if (more.length + less.length > 0 || call.error !== undefined) {
      said(`ours ${more.join('\n')}\n  theirs ${less.join('\n')} ${call.error}`);
    }
    await reset(database.db, before, after);
  }
  await connection.close();
  expect(calls.length).toBeGreaterThan(100);
  expect(wrong.join('\n')).toBe('');
}, 300_000);

/** What a call of ours changed. */
function linesOf(after: Snapshot, before: Snapshot, call: Call): string[] {
  return [...parseEjsonDoc(call.changed).keys()].flatMap((name) => {
    const old = new Map((before.collections.get(name) ?? []).map((bytes) => [idOf(decode(bytes)), bytes]));
    const isChanged = (bytes: Uint8Array) => Buffer.compare(bytes, old.get(idOf(decode(bytes))) ?? Buffer.alloc(0)) !== 0;
    const changed = (after.collections.get(name) ?? []).filter(isChanged).map(decode);
    return comparable(name, changed, new Set(old.keys()));
  });
}

function recordedLines(call: Call, before: Snapshot): string[] {
  return [...parseEjsonDoc(call.changed)].flatMap(([name, docs]) => {
    const old = (before.collections.get(name) ?? []).map((bytes) => idOf(decode(bytes)));
    return comparable(name, docs as Doc[], new Set(old));
  });
}

function idOf(doc: Doc): string {
  return String(doc.get('_id'));
}
