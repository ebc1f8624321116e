/** The character whose UTF-8 bytes begin at `at`, which is not ASCII; -1 if they are not UTF-8. */
export function codePointAt(bytes: Uint8Array, at: number, end: number): number {
  const lead = bytes[at] as number;
  const more = lead < 0xc2 || lead > 0xf4 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
  if (more === 0 || at + more >= end) return -1;
  let point = lead & (0x3f >> more);
  for (let i = at + 1; i <= at + more; i++) {
    const byte = bytes[i] as number;
    if ((byte & 0xc0) !== 0x80) return -1;
    point = (point << 6) | (byte & 0x3f);
  }
  const isTooLong = (more === 2 && point < 0x800) || (more === 3 && point < 0x10000);
  return isTooLong || point > 0x10ffff || (point >= 0xd800 && point < 0xe000) ? -1 : point;
}

/** How many bytes of UTF-8 a character has. */
export function sizeOfPoint(point: number): number {
  return point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
}

/** Writes a character; returns where it ends. */
export function putPoint(out: Uint8Array, at: number, point: number): number {
  const size = sizeOfPoint(point);
  if (size === 1) out[at] = point;
  else {
    out[at] = ((0xf00 >> size) & 0xff) | (point >> (6 * (size - 1)));
    for (let i = 1; i < size; i++) out[at + i] = 0x80 | ((point >> (6 * (size - 1 - i))) & 0x3f);
  }
  return at + size;
}
