import { UsageError } from 'fiftyone';

/** Which services are to be migrated. */
export interface Choice {
  readonly include?: readonly string[] | undefined;
  readonly exclude?: readonly string[] | undefined;
}

/** Those of a list that were asked for, in its order. @throws UsageError for unknown names, and for both kinds of wishes at once */
export function choose<T extends { readonly name: string }>(
  all: readonly T[],
  { include = [], exclude = [] }: Choice,
): readonly T[] {
  const known = all.map(({ name }) => name);
  const hint = `the services are: ${known.join(', ')}`;
  if (include.length > 0 && exclude.length > 0)
    throw new UsageError('give either the services to include or those to exclude, not both', { hint });
  const unknown = [...new Set([...include, ...exclude])].filter((name) => !known.includes(name));
  if (unknown.length > 0)
    throw new UsageError(`unknown service${unknown.length === 1 ? '' : 's'}: ${unknown.join(', ')}`, { hint });
  const chosen = all.filter(({ name }) => (include.length > 0 ? include.includes(name) : !exclude.includes(name)));
  if (chosen.length === 0) throw new UsageError('no service is left', { hint });
  return chosen;
}
