import { isVersion } from 'fiftyone/engine';
import type { Choice } from '../choose.js';

/** The services of a command as they are typed. */
export interface ChoiceFlags {
  readonly include?: readonly string[];
  readonly exclude?: readonly string[];
}

/** Services may have commas between them, too. */
export function choiceOf({ include, exclude }: ChoiceFlags): Choice {
  const names = (given: readonly string[] | undefined) => given?.flatMap((text) => text.split(',').filter((name) => name !== ''));
  return { include: names(include), exclude: names(exclude) };
}

/** The version of a command line, also where it follows the services: none of them is called like one. */
export function withVersion(
  version: string | undefined,
  flags: ChoiceFlags,
): { readonly version: string | undefined; readonly choice: Choice } {
  const { include = [], exclude = [] } = choiceOf(flags);
  const last = include.at(-1) ?? exclude.at(-1);
  if (version !== undefined || last === undefined || !isVersion(last)) return { version, choice: { include, exclude } };
  const others = (names: readonly string[]) => names.filter((name) => name !== last);
  return { version: last, choice: { include: others(include), exclude: others(exclude) } };
}
