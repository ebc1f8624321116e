import { UsageError } from './errors.js';
import { shown } from './fields/invalid-value.js';

/** What an option must be; the rest is up to its verb. */
type Kind = 'boolean' | 'string' | 'function' | 'anything';

/** All options of a verb by name: the compiler sees to it that none is missing. */
export type OptionNames<T> = Readonly<Record<keyof T, Kind>>;

/**
 * Makes sure that the options of a verb are those that it has, and of the right kind: one that is misspelt would do nothing.
 *
 * @throws UsageError that names the one that was meant, or all that there are
 */
export function checkOptions<T extends object>(verb: string, given: T, names: OptionNames<T>): void {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    throw new UsageError(`the options of ${verb} must be an object`, { hint: `such as { ${Object.keys(names)[0]}: … }` });
  }
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    if (Object.hasOwn(names, name)) {
      const kind: Kind = names[name as keyof T];
      if (kind === 'anything' || typeof value === kind) continue;
      const what = { boolean: 'true or false', string: 'text', function: 'a function' }[kind];
      throw new UsageError(`the option ${name} of ${verb} must be ${what}, not ${shown(value)}`);
    }
    const meant = Object.keys(names).find((known) => isLike(name, known));
    throw new UsageError(`${verb} has no option '${name}'`, {
      hint: meant === undefined ? `its options are: ${Object.keys(names).join(', ')}` : `is '${meant}' meant?`,
    });
  }
}

/** Whether two names are the same but for case, underscores and one letter: `export_media`, `maxSample`. */
export function isLike(given: string, known: string): boolean {
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
