/** Letters, digits and `._-`, which are not at the ends: what PEP 508 takes as the name of a project. */
const NAME = /^[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?$/i;

const LONGEST = 200;

/** The one form of a name by which projects are told apart (PEP 503); undefined if it is no name. */
export function normaliseName(name: string): string | undefined {
  if (name.length > LONGEST || !NAME.test(name)) return undefined;
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}
