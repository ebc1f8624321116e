/** Documents, one after the other. */
export interface Documents {
  readonly bytes: Buffer;
  readonly count: number;
}

/** The documents of a BSON array, without the keys between them. */
export function unwrapped(array: Buffer): Documents {
  const bytes = Buffer.allocUnsafe(array.length);
  let size = 0;
  let count = 0;
  // a length of four bytes, then the elements: a type, a key that ends with 0, a document; and a 0 at the end
  for (let at = 4; at < array.length - 1; count++) {
    const start = array.indexOf(0, at + 1) + 1;
    const end = start + array.readInt32LE(start);
    size += array.copy(bytes, size, start, end);
    at = end;
  }
  return { bytes: bytes.subarray(0, size), count };
}
