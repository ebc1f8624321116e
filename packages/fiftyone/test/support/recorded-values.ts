import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { list } from 'tar';
import { Doc, encode, ObjectId, parseEjsonDoc, Scalar, type Value } from '../../src/bson/index.js';
import { anyValue } from '../../src/fields/any-value.js';
import { EmbeddedDocument } from '../../src/fields/embedded-document.js';
import { NdArray } from '../../src/fields/nd-array.js';
import { plainValue } from '../../src/fields/plain-value.js';
import type { Snapshot } from './snapshot.js';

/** A question to the real client and what it answered; see fixtures/values/README.md. */
export interface Answer {
  readonly dataset: string;
  readonly path: string;
  readonly options: { readonly unwind?: true | -1; readonly missing_value?: string; readonly _raw?: true };
  readonly result?: unknown;
  readonly error?: string;
}

export function recordedAnswers(name: string): Answer[] {
  return JSON.parse(gunzipSync(readFileSync(new URL(`../fixtures/values/${name}.json.gz`, import.meta.url))).toString('utf8'));
}

/** The database that the answers are about: recorded with them, or the source of an export. */
export async function sourceOf(name: string): Promise<Snapshot> {
  if (name.endsWith('table')) {
    const file = readFileSync(new URL('../fixtures/values/table.source.json.gz', import.meta.url));
    return snapshotFrom(parseEjsonDoc(gunzipSync(file).toString('utf8')));
  }
  return snapshotFrom(parseEjsonDoc(await readFromArchive(name)));
}

function snapshotFrom(recorded: Doc): Snapshot {
  const collections = new Map<string, Uint8Array[]>();
  for (const [name, content] of recorded) {
    const docs = (content instanceof Doc ? content.get('docs') : content) as Value[];
    collections.set(
      name,
      docs.map((doc) => encode(doc as Doc)),
    );
  }
  return { collections, metadata: new Map() };
}

async function readFromArchive(name: string): Promise<string> {
  const chunks: Buffer[] = [];
  await list({
    file: fileURLToPath(new URL(`../fixtures/exports/${name}.tar.gz`, import.meta.url)),
    filter: (path) => path === `${name}/source.dump.json`,
    onReadEntry: (entry) => entry.on('data', (chunk: Buffer) => chunks.push(chunk)),
  });
  return Buffer.concat(chunks).toString('utf8');
}

/** A value of ours, said as the recorder says those of the real client. */
export function told(value: unknown): unknown {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return value;
  if (typeof value === 'bigint') return { $int: String(value) };
  if (typeof value === 'number') {
    if (Number.isNaN(value)) return { $number: 'nan' };
    if (!Number.isFinite(value)) return { $number: value > 0 ? 'inf' : '-inf' };
    return Object.is(value, -0) ? { $number: '-0' } : value;
  }
  if (value instanceof Date) return { $date: value.getTime() };
  if (value instanceof ObjectId) return { $oid: value.toHexString() };
  if (value instanceof NdArray) return { $array: { dtype: value.dtype, shape: value.shape, data: elements(value) } };
  if (value instanceof Scalar) return { $bytes: Buffer.from(value.bytes.subarray(5)).toString('base64') };
  if (Array.isArray(value)) return value.map(told);
  if (value instanceof EmbeddedDocument) return told(plainValue(anyValue(value, 'a label')));
  return { $dict: byKey(Object.entries(value as object).map(([key, item]) => [key, told(item)])) };
}

/** Objects have integer-like keys first, and the real client's labels attributes of their class. */
function byKey(entries: [string, unknown][]): [string, unknown][] {
  return entries.sort(([a], [b]) => (a < b ? -1 : 1));
}

const HALF = '<f2';

function elements({ data, dtype }: NdArray): unknown[] {
  if (dtype === HALF) return Array.from(data as Uint16Array, half).map(told);
  return dtype.startsWith('<f') ? Array.from(data as Float64Array).map(told) : Array.from(data as Int8Array, String);
}

function half(bits: number): number {
  const [sign, exponent, fraction] = [bits >> 15 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -14 * (fraction / 1024));
}

/** What the real client says, without what ours does not tell apart: days and times, documents by class or not. */
export function understood(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(understood);
  if (typeof value !== 'object' || value === null) return value;
  const [[key, content]] = Object.entries(value) as [[string, unknown]];
  if (key === '$day') return { $date: content };
  if (key === '$array') return { $array: { ...(content as NdArray), dtype: (content as NdArray).dtype.replace('>', '<') } };
  if (key !== '$doc' && key !== '$dict') return { [key]: understood(content) };
  return { $dict: byKey((content as [string, unknown][]).map(([name, item]) => [name, understood(item)])) };
}
