import { UsageError } from './errors.js';

/** The names of all options of a verb: the compiler sees to it that none is missing. */
export type OptionNames<T> = Readonly<Record<keyof T, true>>;

/**
 * Makes sure that the options of a verb are those that it has: an option that is misspelt would do nothing.
 *
 * @throws UsageError that names the one that was meant, or all that there are
 */
export function checkOptions<T extends object>(verb: string, given: T, names: OptionNames<T>): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new UsageError(`the options of ${verb} must be an object`, { hint: `such as { ${Object.keys(names)[0]}: … }` });
  }
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || Object.hasOwn(names, name)) continue;
    const meant = Object.keys(names).find((known) => isLike(name, known));
    throw new UsageError(`${verb} has no option '${name}'`, {
      hint: meant === undefined ? `its options are: ${Object.keys(names).join(', ')}` : `is '${meant}' meant?`,
    });
  }
}

/** Whether two names are the same but for case, underscores and one letter: `export_media`, `maxSample`. */
function isLike(given: string, known: string): boolean {
  const [a, b] = [given, known].map((name) => name.replaceAll('_', '').toLowerCase()) as [string, string];
  let same = 0;
  while (same < a.length && a[same] === b[same]) same++;
  const rests = [
    [a.slice(same), b.slice(same)],
    [a.slice(same + 1), b.slice(same)],
    [a.slice(same), b.slice(same + 1)],
    [a.slice(same + 1), b.slice(same + 1)],
  ];
  return rests.some(([x, y]) => x === y);
}
