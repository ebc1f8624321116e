import { productError } from './exact-product.js';

/** Powers of ten that are doubles exactly. */
const POWERS = Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));

/**
 * The double nearest to `high * 10 ** lowDigits + low`, divided by `10 ** decimals`; NaN if this does not tell.
 * @param high an integer below 10 ** 9
 * @param low an integer of at most 8 digits
 * @param decimals 0 to 22
 */
export function nearestDouble(high: number, low: number, lowDigits: number, decimals: number): number {
  const power = POWERS[decimals] as number;
  const front = high * (POWERS[lowDigits] as number);
  const sum = front + low;
  const quotient = sum / power;
  // two integers that doubles hold exactly: the division rounds once
  if (sum <= Number.MAX_SAFE_INTEGER) return quotient;

  const sumError = low - (sum - front);
  const product = quotient * power;
  const rest = sum - product - productError(quotient, power, product);
  const correction = (rest + sumError) / power;
  const result = quotient + correction;
  const distance = correction - (result - quotient);
  // too near to the middle between two doubles
  return result + distance * (1 + 1e-9) === result ? result : Number.NaN;
}
