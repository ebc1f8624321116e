import { deflateSync, inflateSync } from 'node:zlib';
import { BsonType, binary, type Scalar } from '../bson/index.js';
import { UsageError } from '../errors.js';

/** Numbers in one piece. */
export type NumberArray =
  | Float64Array
  | Float32Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Uint8Array
  | Uint8ClampedArray
  | Uint16Array
  | Uint32Array
  | BigUint64Array;

const ARRAYS = {
  '<f8': Float64Array,
  '<f4': Float32Array,
  '<f2': Uint16Array,
  '|b1': Uint8Array,
  '|i1': Int8Array,
  '<i2': Int16Array,
  '<i4': Int32Array,
  '<i8': BigInt64Array,
  '|u1': Uint8Array,
  '<u2': Uint16Array,
  '<u4': Uint32Array,
  '<u8': BigUint64Array,
} as const;

/** How numpy calls the type of the elements. Those of `<f2` come as the bits of 16-bit floats, those of `|b1` as 0 and 1. */
export type ElementType = keyof typeof ARRAYS;

/** An array of any number of dimensions, last index first: masks, heatmaps, embeddings. */
export class NdArray {
  readonly dtype: ElementType;

  /** @param dtype needed for booleans and 16-bit floats only */
  constructor(
    readonly data: NumberArray,
    readonly shape: readonly number[] = [data.length],
    dtype?: ElementType,
  ) {
    const size = shape.reduce((product, length) => product * length, 1);
    if (size !== data.length)
      throw new UsageError(`an array of shape (${shape.join(', ')}) has ${size} elements, not ${data.length}`);
    this.dtype = dtype ?? elementType(data);
  }
}

/** Whether a value is an array of numbers in one piece. */
export function isNumberArray(value: unknown): value is NumberArray {
  return ArrayBuffer.isView(value) && !(value instanceof DataView);
}

function elementType(data: NumberArray): ElementType {
  if (data instanceof Uint8Array || data instanceof Uint8ClampedArray) return '|u1';
  const found = Object.entries(ARRAYS).find(([name, type]) => name !== '<f2' && name !== '|b1' && data instanceof type);
  if (found === undefined) throw new UsageError(`an array of ${Object.prototype.toString.call(data)} cannot be stored`);
  return found[0] as ElementType;
}

const MAGIC = Buffer.from('\x93NUMPY\x01\x00', 'latin1');

/** The array as FiftyOne stores it: numpy's format, deflated. */
export function packArray(array: NdArray): Scalar {
  const { data, dtype, shape } = array;
  const axes = shape.length === 1 ? `${shape[0]},` : shape.join(', ');
  const text = `{'descr': '${dtype}', 'fortran_order': False, 'shape': (${axes}), }`;
  const size = Math.ceil((MAGIC.length + 2 + text.length + 1) / 64) * 64;
  const head = Buffer.alloc(size, ' ');
  MAGIC.copy(head);
  head.writeUInt16LE(size - MAGIC.length - 2, MAGIC.length);
  head.write(`${text}`, MAGIC.length + 2, 'latin1');
  head[size - 1] = 10;
  const body = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return binary(deflateSync(Buffer.concat([head, body])));
}

/** Reads what {@link packArray} or numpy wrote, or undefined for what is none of it. Whatever the order of bytes and axes was. */
export function unpackArray(value: Scalar): NdArray | undefined {
  if (value.type !== BsonType.binary) return undefined;
  let bytes: Buffer;
  try {
    bytes = inflateSync(value.bytes.subarray(5));
  } catch {
    return undefined;
  }
  if (!bytes.subarray(0, 6).equals(MAGIC.subarray(0, 6))) return undefined;
  const isLong = (bytes[6] as number) > 1;
  const start = isLong ? 12 : 10;
  const end = start + (isLong ? bytes.readUInt32LE(8) : bytes.readUInt16LE(8));
  const head = /'descr': '([^']*)', 'fortran_order': (\w+), 'shape': \(([^)]*)\)/.exec(bytes.toString('latin1', start, end));
  const [, descr = '', order, axes = ''] = head ?? [];
  const dtype = descr.replace('>', '<') as ElementType;
  const type = ARRAYS[dtype];
  if (type === undefined) return undefined;
  const shape = axes.split(',').flatMap((text) => (text.trim() === '' ? [] : [Number(text)]));
  // a typed array must begin where its elements fall into place
  const body = new Uint8Array(bytes.subarray(end));
  if (descr.startsWith('>')) reverseEach(body, type.BYTES_PER_ELEMENT);
  const data = new type(body.buffer, 0, body.length / type.BYTES_PER_ELEMENT);
  if (order === 'True') toRows(data, shape);
  return new NdArray(data, shape, dtype);
}

function reverseEach(bytes: Uint8Array, size: number): void {
  for (let i = 0; i < bytes.length; i += size) bytes.subarray(i, i + size).reverse();
}

/** Puts elements that are stored first index first in the other order. */
function toRows(data: NumberArray, shape: readonly number[]): void {
  const stored = data.slice();
  for (let i = 0; i < data.length; i++) {
    let [rest, from, stride] = [i, 0, data.length];
    for (const length of shape.toReversed()) {
      stride /= length;
      from += (rest % length) * stride;
      rest = Math.floor(rest / length);
    }
    data[i] = stored[from] as never;
  }
}
