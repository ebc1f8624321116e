import { productError } from './exact-product.js';
import { doubleText } from './python-json-text.js';

const ZERO = 0x30;
const MINUS = 0x2d;
const POINT = 0x2e;

/** The two digits of 0 to 99. */
const PAIRS = Uint8Array.from({ length: 200 }, (_, i) => ZERO + (i % 2 === 0 ? Math.floor(i / 20) : (i >> 1) % 10));

/** Writes an integer that JavaScript can hold exactly; returns where it ends. */
export function writeInteger(out: Uint8Array, at: number, value: number): number {
  let size = value;
  if (value < 0) {
    out[at++] = MINUS;
    size = -value;
  }
  if (size < 10) {
    out[at] = ZERO + size;
    return at + 1;
  }
  let digits = 2;
  for (let power = 100; power <= size; power *= 10) digits++;
  return writeDigits(out, at, size, digits);
}

/** Writes exactly so many digits, with zeros in front; returns where they end. */
export function writeDigits(out: Uint8Array, at: number, value: number, digits: number): number {
  let rest = value;
  let i = at + digits;
  for (; rest > 0x7fffffff; i -= 2) {
    const hundreds = Math.floor(rest / 100);
    putPair(out, i - 2, rest - hundreds * 100);
    rest = hundreds;
  }
  for (rest |= 0; i - at >= 2; i -= 2) {
    const hundreds = (rest / 100) | 0;
    putPair(out, i - 2, rest - hundreds * 100);
    rest = hundreds;
  }
  if (i > at) out[at] = ZERO + rest;
  return at + digits;
}

function putPair(out: Uint8Array, at: number, value: number): void {
  out[at] = PAIRS[value * 2] as number;
  out[at + 1] = PAIRS[value * 2 + 1] as number;
}

/** Writes a double as Python's `json_util` does: the digits of `repr`, a wrapper for what is not finite; returns where it ends. */
export function writeDouble(out: Uint8Array, at: number, value: number): number {
  if (value < 0) {
    const end = writePositive(out, at + 1, -value);
    if (end > 0) {
      out[at] = MINUS;
      return end;
    }
  } else if (value > 0) {
    const end = writePositive(out, at, value);
    if (end > 0) return end;
  }
  const text = doubleText(value);
  for (let i = 0; i < text.length; i++) out[at + i] = text.charCodeAt(i);
  return at + text.length;
}

/** Writes a number in the common range; returns where it ends, or 0 for one that it does not know how to write. */
function writePositive(out: Uint8Array, at: number, value: number): number {
  if (!(value >= 1e-4 && value < 1e15)) return 0;
  if (value < 1e7) {
    // no more than 15 digits in all, so that if they stand for this double they are its shortest
    const scaled = Math.round(value * 1e8);
    if (scaled / 1e8 === value) return writeShort(out, at, scaled);
  } else if (Number.isInteger(value)) {
    const end = writeInteger(out, at, value);
    out[end] = POINT;
    out[end + 1] = ZERO;
    return end + 2;
  }
  return writeLong(out, at, value);
}

/** Writes hundred millionths. */
function writeShort(out: Uint8Array, at: number, scaled: number): number {
  const whole = Math.floor(scaled / 1e8);
  const point = writeInteger(out, at, whole);
  out[point] = POINT;
  let end = writeDigits(out, point + 1, scaled - whole * 1e8, 8);
  while (out[end - 1] === ZERO && end > point + 2) end--;
  return end;
}

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);
const POWERS = Array.from({ length: 21 }, (_, i) => Number(`1e${i}`));
const LIMITS = Array.from({ length: 19 }, (_, i) => Number(`1e${i - 3}`));
/** Far above the mistakes of the sums below, and small enough to come by seldom. */
const DOUBT = 1e-6;

/**
 * Writes a number whose shortest text has 16 or 17 digits. It is scaled to an integer part of 17 digits, exactly, as a sum of
 * two doubles. Then a text is right if it is less than half the distance to the next double away.
 */
function writeLong(out: Uint8Array, at: number, value: number): number {
  let decimals = 20;
  for (let i = 0; value >= (LIMITS[i] as number); i++) decimals--;
  const power = POWERS[decimals] as number;
  const high = value * power;
  const low = productError(value, power, high);

  float[0] = value;
  // next to a power of two the distances on both sides differ
  if (words[0] === 0 && ((words[1] as number) & 0xfffff) === 0) return 0;
  words[1] = (((words[1] as number) >>> 20) - 53) << 20;
  words[0] = 0;
  const reach = (float[0] as number) * power;

  let front = Math.floor(high / 1e8);
  const back = high - front * 1e8;
  const lastTwo = back - 100 * Math.floor(back / 100);
  const last = lastTwo + low;
  if (Math.abs(last - 100 * Math.round(last / 100)) < reach + DOUBT) return 0;
  const tens = 10 * Math.round(last / 10);
  const far = Math.abs(last - tens);
  if (Math.abs(far - reach) < DOUBT || Math.abs(far - 5) < DOUBT) return 0;
  const isShorter = far < reach;
  const nearest = Math.round(last);
  if (Math.abs(Math.abs(last - nearest) - 0.5) < DOUBT) return 0;

  let tail = back - lastTwo + (isShorter ? tens : nearest);
  if (tail >= 1e8) {
    tail -= 1e8;
    front++;
  } else if (tail < 0) {
    tail += 1e8;
    front--;
  }
  if (front < 1e8 || front >= 1e9) return 0;
  return writePlaces(out, at, front, tail, decimals) - (isShorter ? 1 : 0);
}

/** Writes 17 digits, 9 and 8, so many of them after the point. */
function writePlaces(out: Uint8Array, at: number, front: number, tail: number, decimals: number): number {
  const whole = 17 - decimals;
  let start = at + 1;
  if (whole <= 0) {
    out[at] = ZERO;
    out[at + 1] = POINT;
    start = at + 2 - whole;
    for (let i = at + 2; i < start; i++) out[i] = ZERO;
  }
  writeDigits(out, start, front, 9);
  const end = writeDigits(out, start + 9, tail, 8);
  if (whole > 0) {
    for (let i = at; i < at + whole; i++) out[i] = out[i + 1] as number;
    out[at + whole] = POINT;
  }
  return end;
}
