import { UsageError } from 'fiftyone';
import type { MigratorOptions } from '../migrator.js';
import { type ChoiceFlags, withVersion } from './choice-flags.js';

/** The options of `migrate` and `plan` as they are typed. */
export interface WayFlags extends ChoiceFlags {
  readonly verbose?: boolean;
  readonly keepUnknown?: boolean;
  readonly attic: boolean;
  readonly concurrency: number;
  readonly json?: boolean;
}

/** What is asked for. @throws UsageError when no service is named after --include or --exclude */
export function wayOf(given: string | undefined, flags: WayFlags): MigratorOptions {
  const { version, choice } = withVersion(given, flags);
  for (const name of ['include', 'exclude'] as const)
    if (flags[name] !== undefined && choice[name]?.length === 0) throw new UsageError(`--${name} names no service`);
  return {
    ...choice,
    target: version,
    attic: flags.attic,
    keepUnknown: flags.keepUnknown === true,
    concurrency: flags.concurrency,
  };
}
