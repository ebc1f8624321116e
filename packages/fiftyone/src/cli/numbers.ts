/** `12,000`. */
export function digits(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 dataset`, `12,000 datasets`. */
export function count(n: number, noun: string): string {
  return `${digits(n)} ${noun}${n === 1 ? '' : 's'}`;
}

const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB'];

/** `800 bytes`, `40 MB`; decimal units, two digits at most. */
export function bytes(n: number): string {
  const power = n < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(n) / 3));
  return `${rounded(n / 1000 ** power)} ${UNITS[power]}`;
}

/** `a moment`, `40 s`, `12 minutes`, `3 hours`. */
export function duration(seconds: number): string {
  if (seconds < 1) return 'a moment';
  if (seconds < 90) return `${rounded(seconds)} s`;
  return seconds < 5400 ? `${rounded(seconds / 60)} minutes` : `${rounded(seconds / 3600)} hours`;
}

function rounded(n: number): number {
  return n < 10 ? Math.round(n * 10) / 10 : Math.round(n);
}
