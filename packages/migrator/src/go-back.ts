import type { Place, Service, ServiceOptions, ServicePlan, ServiceReport } from './service.js';
import { forgetPlan, planGoingBack, rememberedPlan, turnBack } from './way-back.js';

/** A service in a run. */
export interface Step {
  readonly service: Service;
  readonly place: Place;
  readonly plan: ServicePlan;
  readonly options: ServiceOptions;
}

/**
 * Takes services back to where they were when the run began, or an earlier run that died. What cannot go back keeps nobody else
 * from it. Never throws.
 *
 * @param steps in the order in which they go back
 * @param done what the run did before it failed
 * @param tell told which service is next
 */
export async function goBackAll(
  steps: readonly Step[],
  done: readonly ServiceReport[],
  tell: (service: string) => void,
): Promise<ServiceReport[]> {
  const reports: ServiceReport[] = [];
  for (const { service, place } of steps) await turnBack(place, service.name).catch(() => {});
  for (const { service, place, plan, options } of steps) {
    const first = await rememberedPlan(place, plan).catch(() => undefined);
    const isDone = done.some((report) => report.service === service.name);
    if (isDone || first) reports.push(await goBack(service, place, first ?? plan, options, tell));
  }
  // only when all have tried: whoever dies before that begins again
  const back = steps.filter(({ service }) => reports.some((report) => report.service === service.name && isWell(report)));
  for (const { service, place } of back) await forgetPlan(place, service.name).catch(() => {});
  return reports;
}

/** Brings services back that were on their way back when a run died. */
export async function finishWayBack(all: readonly Omit<Step, 'plan'>[], tell: (service: string) => void): Promise<void> {
  const left: Step[] = [];
  for (const step of all) {
    const plan = await planGoingBack(step.place, step.service.name);
    if (plan !== undefined) left.push({ ...step, plan });
  }
  for (const { service, place, plan, options } of left)
    if (isWell(await goBack(service, place, plan, options, tell))) await forgetPlan(place, service.name);
}

/** Once a run goes back, nothing stops it. */
async function goBack(
  service: Service,
  place: Place,
  plan: ServicePlan,
  { signal: _, ...options }: ServiceOptions,
  tell: (service: string) => void,
): Promise<ServiceReport> {
  tell(service.name);
  return await caught(plan, () => service.revert(place, plan, options));
}

export function isWell({ result }: ServiceReport): boolean {
  return result === 'migrated' || result === 'unchanged';
}

/** A service that throws has failed; what others have done is still to be told. */
export async function caught({ service, from, to }: ServicePlan, work: () => Promise<ServiceReport>): Promise<ServiceReport> {
  try {
    return await work();
  } catch (thrown) {
    const error = thrown as Error & { hint?: string };
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    return { service, from, to, result: 'failed', reasons: [error.message], error, ...hint };
  }
}
