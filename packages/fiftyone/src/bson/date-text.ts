import { COLON, MINUS, POINT, ZERO } from './ascii.js';
import { writeDigits } from './write-number.js';

const DAY_MS = 86_400_000;
/** The years that have a text: 1970 to 9999. */
export const LAST_WRITTEN_MS = 253_402_300_799_999;

/**
 * Writes a date as `2024-02-29T12:34:56.789Z`, without a fraction if there is none; returns where it ends.
 * @param ms since 1970 UTC, at least 0 and at most {@link LAST_WRITTEN_MS}
 */
export function writeDateText(out: Uint8Array, at: number, ms: number): number {
  const days = Math.floor(ms / DAY_MS);
  const rest = ms - days * DAY_MS;
  // years from 1 March of the year 0, so that a leap day is the last of its year, in eras of 400 years
  const shifted = days + 719_468;
  const era = (shifted / 146_097) | 0;
  const ofEra = shifted - era * 146_097;
  const yearOfEra = ((ofEra - ((ofEra / 1460) | 0) + ((ofEra / 36_524) | 0) - ((ofEra / 146_096) | 0)) / 365) | 0;
  const ofYear = ofEra - (365 * yearOfEra + (yearOfEra >> 2) - ((yearOfEra / 100) | 0));
  const month = ((5 * ofYear + 2) / 153) | 0;
  const isNextYear = month >= 10;

  let end = writeDigits(out, at, era * 400 + yearOfEra + (isNextYear ? 1 : 0), 4);
  end = writeAfter(out, end, MINUS, isNextYear ? month - 9 : month + 3, 2);
  end = writeAfter(out, end, MINUS, ofYear - (((153 * month + 2) / 5) | 0) + 1, 2);
  end = writeAfter(out, end, 0x54, (rest / 3_600_000) | 0, 2);
  end = writeAfter(out, end, COLON, ((rest / 60_000) | 0) % 60, 2);
  end = writeAfter(out, end, COLON, ((rest / 1000) | 0) % 60, 2);
  if (rest % 1000 !== 0) end = writeAfter(out, end, POINT, rest % 1000, 3);
  out[end] = 0x5a;
  return end + 1;
}

function writeAfter(out: Uint8Array, at: number, mark: number, value: number, digits: number): number {
  out[at] = mark;
  return writeDigits(out, at + 1, value, digits);
}

const DAYS_OF_MONTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * Milliseconds since 1970 UTC of a text that {@link writeDateText} can have written, NaN for another one.
 * @param length 20, or 24 with a fraction
 */
export function readDateText(text: Uint8Array, at: number, length: number): number {
  const year = number(text, at, 4);
  const month = number(text, at + 5, 2);
  const day = number(text, at + 8, 2);
  const hour = number(text, at + 11, 2);
  const minute = number(text, at + 14, 2);
  const second = number(text, at + 17, 2);
  const ms = length === 24 ? number(text, at + 20, 3) : 0;
  const marks =
    text[at + 4] === MINUS &&
    text[at + 7] === MINUS &&
    text[at + 10] === 0x54 &&
    text[at + 13] === COLON &&
    text[at + 16] === COLON &&
    (length === 20 || text[at + 19] === POINT) &&
    text[at + length - 1] === 0x5a;
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  const lastDay = month === 2 && isLeap ? 29 : (DAYS_OF_MONTHS[month - 1] ?? 0);
  const isReal = year >= 1 && day >= 1 && day <= lastDay && hour <= 23 && minute <= 59 && second <= 59 && ms >= 0;
  if (!marks || !isReal || (hour | minute | second) < 0) return Number.NaN;

  // see writeDateText for the years from March to February
  const y = month <= 2 ? year - 1 : year;
  const era = (y / 400) | 0;
  const yearOfEra = y - era * 400;
  const ofYear = (((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) | 0) + day - 1;
  const days = era * 146_097 + yearOfEra * 365 + (yearOfEra >> 2) - ((yearOfEra / 100) | 0) + ofYear - 719_468;
  return days * DAY_MS + hour * 3_600_000 + minute * 60_000 + second * 1000 + ms;
}

/** So many digits as a number, below 0 if one is no digit. */
function number(text: Uint8Array, at: number, digits: number): number {
  let value = 0;
  for (let i = at; i < at + digits; i++) {
    const digit = (text[i] as number) - ZERO;
    if (!(digit >= 0 && digit <= 9)) return -1;
    value = value * 10 + digit;
  }
  return value;
}
