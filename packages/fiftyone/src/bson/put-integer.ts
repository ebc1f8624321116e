/** Writes 4 bytes, the lowest first. */
export function putInt32(out: Uint8Array, at: number, value: number): void {
  out[at] = value;
  out[at + 1] = value >> 8;
  out[at + 2] = value >> 16;
  out[at + 3] = value >> 24;
}

/** Writes 8 bytes, the lowest first, of an integer that JavaScript can hold exactly. */
export function putInt64(out: Uint8Array, at: number, value: number): void {
  const high = Math.floor(value / 2 ** 32);
  putInt32(out, at, value - high * 2 ** 32);
  putInt32(out, at + 4, high);
}
