import { MINUS, POINT, ZERO } from './ascii.js';
import { productError } from './exact-product.js';
import { doubleText } from './python-json-text.js';

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

const float = new Float64Array(1);
const words = new Uint32Array(float.buffer);
const POWERS = Array.from({ length: 21 }, (_, i) => Number(`1e${i}`));
const LIMITS = Array.from({ length: 19 }, (_, i) => Number(`1e${i - 3}`));
/** Far above the mistakes of the sums below, and small enough to come by seldom. */
const DOUBT = 1e-6;

/**
 * Writes a number in the common range; returns where it ends, or 0 for one that is better left to others.
 *
 * It is scaled to an integer part of 17 digits, exactly, as a sum of two doubles. The shortest text is the one with the most
 * zeros at the end that is less than half the distance to the next double away.
 */
function writePositive(out: Uint8Array, at: number, value: number): number {
  if (!(value >= 1e-4 && value < 1e15)) return 0;
  let decimals = 20;
  for (let i = 0; value >= (LIMITS[i] as number); i++) decimals--;
  const power = POWERS[decimals] as number;
  const high = value * power;
  const low = productError(value, power, high);

  float[0] = value;
  const upper = words[1] as number;
  // below a power of two the next double is only half as far away
  const isPower = words[0] === 0 && (upper & 0xfffff) === 0;
  words[1] = ((upper >>> 20) - (isPower ? 54 : 53)) << 20;
  words[0] = 0;
  const reach = (float[0] as number) * power;

  let front = Math.floor(high / 1e8);
  const back = high - front * 1e8;
  const lastTwo = back - 100 * Math.floor(back / 100);
  const last = lastTwo + low;
  // two texts of 15 digits or less are never that near to each other, so one that is in reach is the shortest
  let digits = 100 * Math.round(last / 100);
  const farFromHundreds = Math.abs(last - digits);
  if (farFromHundreds > reach - DOUBT) {
    if (farFromHundreds < reach + DOUBT || isPower) return 0;
    digits = 10 * Math.round(last / 10);
    const farFromTens = Math.abs(last - digits);
    if (Math.abs(farFromTens - reach) < DOUBT || Math.abs(farFromTens - 5) < DOUBT) return 0;
    if (farFromTens > reach) {
      digits = Math.round(last);
      if (Math.abs(Math.abs(last - digits) - 0.5) < DOUBT) return 0;
    }
  }

  let tail = back - lastTwo + digits;
  if (tail >= 1e8) {
    tail -= 1e8;
    front++;
  } else if (tail < 0) {
    tail += 1e8;
    front--;
  }
  if (front < 1e8 || front >= 1e9) return 0;
  let end = writePlaces(out, at, front, tail, decimals);
  while (out[end - 1] === ZERO && out[end - 2] !== POINT) end--;
  return end;
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
