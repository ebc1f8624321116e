/** Documents, one after the other. */
export interface Documents {
  readonly bytes: Buffer;
  readonly count: number;
}

/** The documents of a BSON array, without the keys between them. They take its place in memory. */
export function unwrapped(array: Buffer): Documents {
  let size = 0;
  let count = 0;
  // a length of four bytes, then the elements: a type, a key that ends with 0, a document; and a 0 at the end
  const last = array.length - 1;
  for (let at = 4; at < last; count++) {
    const start = array.indexOf(0, at + 1) + 1;
    const end = start + array.readInt32LE(start);
    array.copyWithin(size, start, end);
    size += end - start;
    at = end;
  }
  return { bytes: array.subarray(0, size), count };
}
