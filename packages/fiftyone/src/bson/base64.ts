const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
/** The value of a digit, below 0 for other characters. */
const DIGITS = new Int8Array(256).fill(-1);
for (const [i, digit] of [...ALPHABET].entries()) DIGITS[digit.charCodeAt(0)] = i;
const PADDING = 0x3d;

/** Writes what a base64 text stands for; returns how many bytes that is, or -1 if the text has anything but digits and padding. */
export function readBase64(text: Uint8Array, at: number, end: number, out: Uint8Array, outAt: number): number {
  if ((end - at) % 4 !== 0) return -1;
  const padding = end === at || text[end - 1] !== PADDING ? 0 : text[end - 2] !== PADDING ? 1 : 2;
  const last = padding === 0 ? end : end - 4;
  let to = outAt;
  for (let i = at; i < last; i += 4) {
    const bits = four(text, i);
    if (bits < 0) return -1;
    out[to] = bits >> 16;
    out[to + 1] = bits >> 8;
    out[to + 2] = bits;
    to += 3;
  }
  if (padding === 0) return to - outAt;
  const [a, b, c] = [0, 1, 2].map((i) => DIGITS[text[last + i] as number] as number) as [number, number, number];
  if ((a | b) < 0 || (padding === 1 && c < 0)) return -1;
  out[to++] = (a << 2) | (b >> 4);
  if (padding === 1) out[to++] = (b << 4) | (c >> 2);
  return to - outAt;
}

function four(text: Uint8Array, at: number): number {
  return (
    ((DIGITS[text[at] as number] as number) << 18) |
    ((DIGITS[text[at + 1] as number] as number) << 12) |
    ((DIGITS[text[at + 2] as number] as number) << 6) |
    (DIGITS[text[at + 3] as number] as number)
  );
}
