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
  end = writeAfter(out, end, 0x2d, isNextYear ? month - 9 : month + 3, 2);
  end = writeAfter(out, end, 0x2d, ofYear - (((153 * month + 2) / 5) | 0) + 1, 2);
  end = writeAfter(out, end, 0x54, (rest / 3_600_000) | 0, 2);
  end = writeAfter(out, end, 0x3a, ((rest / 60_000) | 0) % 60, 2);
  end = writeAfter(out, end, 0x3a, ((rest / 1000) | 0) % 60, 2);
  if (rest % 1000 !== 0) end = writeAfter(out, end, 0x2e, rest % 1000, 3);
  out[end] = 0x5a;
  return end + 1;
}

function writeAfter(out: Uint8Array, at: number, mark: number, value: number, digits: number): number {
  out[at] = mark;
  return writeDigits(out, at + 1, value, digits);
}
