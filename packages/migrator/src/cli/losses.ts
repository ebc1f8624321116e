import { UsageError } from 'fiftyone';
import { agrees, canAsk } from 'fiftyone/cli-support';
import type { DeploymentPlan } from '../migrator.js';

/** How many losses are shown before the question; `plan` shows all. */
const SHOWN = 30;

/** What a plan loses, a line each: `cas: what`, `datasets: dataset 'a': what`. */
export function lossesOf({ services }: DeploymentPlan): string[] {
  return services.flatMap(({ service, report }) =>
    (report?.datasets ?? []).flatMap(({ name, loses }) =>
      loses.map((loss) => (name === service ? `${service}: ${loss}` : `${service}: '${name}': ${loss}`)),
    ),
  );
}

/** Lists what is lost, and asks for consent on a terminal. @returns whether to go on @throws UsageError where nobody can be asked */
export async function confirmLosses(plan: DeploymentPlan, attic: boolean): Promise<boolean> {
  const losses = lossesOf(plan);
  if (losses.length === 0) return true;
  const more = losses.length > SHOWN ? [`  … and ${losses.length - SHOWN} more: fiftyone-migrator plan shows all`] : [];
  const head = attic ? 'This takes out, and keeps in the attic for when you go back:' : 'This loses:';
  const text = [head, ...losses.slice(0, SHOWN).map((loss) => `  ${loss}`), ...more].join('\n');
  if (!canAsk()) throw new UsageError(`${text}\nnothing was touched`, { hint: 'to go on all the same, add --yes' });
  process.stderr.write(`${text}\n`);
  return await agrees('Go on?');
}
