import { type Connection, Leases, leaseStore } from 'fiftyone/engine';
import type { Databases } from './deployment.js';
import type { DeploymentPlan, DeploymentReport } from './migrator.js';

/** The collection of runs over services. What each did to datasets and the like the engine's own journals have. */
export const DEPLOYMENT_JOURNAL = 'migrations.journal.deployment';

/** A run over services. */
export interface DeploymentEntry {
  readonly _id: string;
  readonly holder: { readonly user: string; readonly host: string; readonly pid: number };
  readonly started: Date;
  /** Null while it runs, and for ever if it died. */
  readonly ended: Date | null;
  readonly target: string;
  readonly services: readonly {
    readonly service: string;
    readonly from: string | null;
    readonly to: string;
    readonly result: string;
    readonly reasons: readonly string[];
  }[];
  readonly result: DeploymentReport['result'] | null;
  /** The folders of its backups. */
  readonly backups: readonly string[];
}

/** Notes one run over services, in the database of FiftyOne or, if only that is open, in that of CAS. */
export class DeploymentJournal {
  readonly #holder;

  constructor(readonly connection: Connection) {
    this.#holder = new Leases(leaseStore(connection.db)).holder;
  }

  get run(): string {
    return this.#holder.run;
  }

  /** Before the first write of a run. */
  async begin({ target, services }: DeploymentPlan, backups: readonly string[]): Promise<void> {
    const planned = services.map(({ service, from, to }) => ({ service, from, to, result: 'planned', reasons: [] }));
    const { run: _, ...holder } = this.#holder;
    const entry = { holder, ended: null, target: target.number, services: planned, result: null, backups };
    await this.#update([{ $set: { started: '$$NOW' } }, { $set: literal(entry) }], true);
  }

  async end({ services, notRun, result }: DeploymentReport): Promise<void> {
    const done = services.map(({ service, from, to, result, reasons }) => ({ service, from, to, result, reasons }));
    const left = notRun.map((service) => ({ service, from: null, to: '', result: 'not run', reasons: [] }));
    await this.#update([{ $set: { ended: '$$NOW', ...literal({ services: [...done, ...left], result }) } }], false);
  }

  async #update(stages: object[], upsert: boolean): Promise<void> {
    await this.connection.db
      .collection<DeploymentEntry>(DEPLOYMENT_JOURNAL)
      .updateOne({ _id: this.run }, stages as never, { upsert });
  }
}

/** Values that the server must not take for expressions. */
function literal(values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, { $literal: value }]));
}

/** Where runs over services are noted. */
export function journalPlace({ fiftyone, cas }: Databases): Connection | undefined {
  return fiftyone ?? cas;
}

/** The runs over services that are noted in a database, newest first. */
export async function readDeploymentRuns({ db }: Connection): Promise<DeploymentEntry[]> {
  return await db.collection<DeploymentEntry>(DEPLOYMENT_JOURNAL).find().sort({ started: -1 }).toArray();
}
