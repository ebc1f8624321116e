/** The longest name, and slug, in code points. */
export const MAX_LENGTH = 100;

/** The slug of a name: ASCII letters and digits in lower case, single hyphens for blanks and `+ _ . -`, nothing else. */
export function slugOf(name: string): string {
  return name
    .replace(/[+_.\- \t\n\v\f\r]/g, '-')
    .replace(/[^A-Za-z0-9-]/g, '')
    .replace(/-+/g, '-')
    .replace(/^-|-$/g, '')
    .toLowerCase();
}

/** The slug that FiftyOne gives to a dataset, which is that of the first hundred code points of its name. */
export function datasetSlug(name: string): string {
  return slugOf(firstCodePoints(name));
}

/** As much of a name as a slug is made from. */
export function firstCodePoints(name: string): string {
  return [...name].slice(0, MAX_LENGTH).join('');
}
