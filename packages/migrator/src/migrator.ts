import { type MigrationEvent, UsageError } from 'fiftyone';
import { type Choice, choose } from './choose.js';
import { type Databases, placesIn } from './deployment.js';
import { caught, finishWayBack, goBackAll, isWell, type Step } from './go-back.js';
import { type EnterpriseRelease, isBeforeMigrator, newestRelease, releaseNumbered } from './releases.js';
import type { Place, Service, ServiceFindings, ServiceOptions, ServicePlan, ServiceReport, ServiceStatus } from './service.js';
import { services as ownServices } from './services/index.js';
import { forgetPlan, rememberPlan } from './way-back.js';

/** How a deployment is to be migrated. */
export interface MigratorOptions extends Choice, Omit<ServiceOptions, 'onEvent'> {
  /** The Enterprise release to go to. Default: the newest */
  readonly target?: string | undefined;
  /** All services there are, in the order in which they go up. Default: those of this package */
  readonly services?: readonly Service[];
  /** What becomes of services that are done when a later one fails: they stay, or go back. Default: `stop` */
  readonly onFailure?: 'stop' | 'revert';
  readonly onEvent?: (event: MigratorEvent) => void;
}

/** What a run tells while it works. */
export type MigratorEvent =
  | { readonly kind: 'service'; readonly service: string; readonly phase: 'plan' | 'apply' | 'revert' }
  | { readonly kind: 'within'; readonly service: string; readonly event: MigrationEvent };

/** What a migration of a deployment would do. */
export interface DeploymentPlan {
  readonly target: EnterpriseRelease;
  /** In the order in which they are migrated: those that go down first, last to first, then those that go up. */
  readonly services: readonly ServicePlan[];
  /** Services that the migrator cannot take to this release, and why. */
  readonly skipped: readonly { readonly service: string; readonly reason: string }[];
}

/** What a migration of a deployment did. */
export interface DeploymentReport {
  readonly plan: DeploymentPlan;
  /** `refused`: a plan had problems, so nothing was written. */
  readonly result: 'done' | 'refused' | 'failed' | 'stopped' | 'reverted';
  /** What was done, in order; the last one is the one that failed, if any did. */
  readonly services: readonly ServiceReport[];
  readonly notRun: readonly string[];
  /** What was done to go back, in order. */
  readonly reverted: readonly ServiceReport[];
  /** The commands for both ways on from where a failure left the deployment. */
  readonly next?: { readonly onwards: string; readonly back: readonly string[] };
}

/** Reads where every service stands. @throws UsageError for a wrong choice, or when a database is not open */
export async function deploymentStatus(databases: Databases, options: MigratorOptions = {}): Promise<ServiceStatus[]> {
  return await forEach(databases, options, (service, place) => service.status(place));
}

/** Looks whether every service is what its version says. Reads only. */
export async function verifyDeployment(databases: Databases, options: MigratorOptions = {}): Promise<ServiceFindings[]> {
  return await forEach(databases, options, (service, place) => service.verify(place));
}

/** Plans every service, and writes nothing. @throws UsageError, IncompatibleError, AdminRequiredError */
export async function planDeployment(databases: Databases, options: MigratorOptions = {}): Promise<DeploymentPlan> {
  const target = options.target === undefined ? newestRelease : releaseNumbered(options.target);
  const { all, chosen } = chosenOf(options);
  const placeOf = placesIn(databases, all);
  const skipped: DeploymentPlan['skipped'][number][] = [];
  const plans: ServicePlan[] = [];
  for (const service of chosen) {
    const to = service.versionAt(target);
    if (to === undefined) skipped.push({ service: service.name, reason: reasonToSkip(target) });
    else {
      options.onEvent?.({ kind: 'service', service: service.name, phase: 'plan' });
      plans.push(await service.plan(placeOf(service), to, optionsFor(service, options)));
    }
  }
  const [first] = skipped;
  if (first && plans.length === 0) throw new UsageError(first.reason, { hint: 'include the service datasets' });
  // what an earlier run has taken there already went the way of the others
  const isRunDown = plans.some(({ direction }) => direction === 'down');
  const isDown = ({ direction }: ServicePlan) => direction === 'down' || (direction === 'none' && isRunDown);
  return { target, services: [...plans.filter(isDown).reverse(), ...plans.filter((plan) => !isDown(plan))], skipped };
}

function reasonToSkip(target: EnterpriseRelease): string {
  return isBeforeMigrator(target)
    ? `of releases before the migrator, such as ${target.number}, only the datasets can be migrated`
    : `it has no version of release ${target.number}`;
}

/**
 * Migrates every service: plans all before the first write, then goes from one to the next. The first failure ends the run.
 *
 * @throws UsageError, IncompatibleError, AdminRequiredError before anything is written
 */
export async function migrateDeployment(databases: Databases, options: MigratorOptions = {}): Promise<DeploymentReport> {
  await finishGoingBack(databases, options);
  return await applyPlan(databases, await planDeployment(databases, options), options);
}

/** Finishes going back what a run with `onFailure: 'revert'` that died has left. To be called before a plan is made. */
export async function finishGoingBack(databases: Databases, options: MigratorOptions = {}): Promise<void> {
  if (options.onFailure !== 'revert') return;
  const all = await forEach(databases, options, async (service, place) => ({
    service,
    place,
    options: optionsFor(service, options),
  }));
  await finishWayBack(all.reverse(), tellReverts(options));
}

function tellReverts({ onEvent }: MigratorOptions): (service: string) => void {
  return (service) => onEvent?.({ kind: 'service', service, phase: 'revert' });
}

/** Goes the way of a plan of all services. @param options those that it was planned with */
export async function applyPlan(
  databases: Databases,
  plan: DeploymentPlan,
  options: MigratorOptions = {},
): Promise<DeploymentReport> {
  const none = { plan, services: [], notRun: plan.services.map(({ service }) => service), reverted: [] };
  if (plan.services.some(({ problems }) => problems.length > 0)) return { ...none, result: 'refused' };
  const { all } = chosenOf(options);
  const placeOf = placesIn(databases, all);
  const goesBack = options.onFailure === 'revert';
  const tell = tellReverts(options);
  const steps: Step[] = plan.services.map((own) => {
    const service = all.find(({ name }) => name === own.service) as Service;
    return { service, place: placeOf(service), plan: own, options: optionsFor(service, options) };
  });
  const done: ServiceReport[] = [];
  for (const step of steps) {
    const { service, place } = step;
    options.onEvent?.({ kind: 'service', service: service.name, phase: 'apply' });
    const report = await caught(step.plan, async () => {
      if (!goesBack) await forgetPlan(place, service.name);
      else if (step.plan.direction !== 'none') await rememberPlan(place, step.plan);
      return await service.apply(place, step.plan, step.options);
    });
    done.push(report);
    if (isWell(report)) continue;
    const facts = {
      plan,
      services: done,
      notRun: steps.slice(done.length).map(({ service }) => service.name),
      next: waysOn(plan, done),
    };
    if (report.result === 'stopped' || !goesBack)
      return { ...facts, result: report.result as 'failed' | 'stopped', reverted: [] };
    const reverted = await goBackAll(steps.toReversed(), done, tell);
    return { ...facts, result: reverted.every(isWell) ? 'reverted' : 'failed', reverted };
  }
  for (const { service, place } of steps) await forgetPlan(place, service.name);
  return { plan, result: 'done', services: done, notRun: [], reverted: [] };
}

/** The same command does what is left; each service knows what takes it back. */
function waysOn({ target, services }: DeploymentPlan, done: readonly ServiceReport[]): NonNullable<DeploymentReport['next']> {
  const begun = services.filter(
    ({ service, direction }) => direction !== 'none' && done.some((report) => report.service === service),
  );
  const names = services.map(({ service }) => service);
  return {
    onwards: `fiftyone-migrator migrate ${target.number} --include ${names.join(' ')}`,
    back: begun.toReversed().flatMap(({ back }) => back ?? []),
  };
}

function chosenOf(options: MigratorOptions): { all: readonly Service[]; chosen: readonly Service[] } {
  const all = options.services ?? ownServices;
  return { all, chosen: choose(all, options) };
}

function optionsFor(service: Service, { onEvent, ...options }: MigratorOptions): ServiceOptions {
  const { include: _, exclude: __, target: ___, services: ____, onFailure: _____, ...own } = options;
  return { ...own, ...(onEvent ? { onEvent: (event) => onEvent({ kind: 'within', service: service.name, event }) } : {}) };
}

async function forEach<T>(
  databases: Databases,
  options: MigratorOptions,
  look: (service: Service, place: Place) => Promise<T>,
): Promise<T[]> {
  const { all, chosen } = chosenOf(options);
  const placeOf = placesIn(databases, all);
  const found: T[] = [];
  for (const service of chosen) found.push(await look(service, placeOf(service)));
  return found;
}
