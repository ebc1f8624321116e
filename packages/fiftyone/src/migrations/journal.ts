import type { Db } from 'mongodb';
import { batched } from '../batched.js';
import type { Holder } from '../database/lease-store.js';
import { serverTime } from '../database/server-time.js';
import type { DatabaseOutcome, DatasetOutcome } from './report.js';
import type { Finding } from './verify/finding.js';

/** The collection of what was done, by whom and when. Clients of FiftyOne do not know it and leave it alone. */
export const JOURNAL = 'migrations.journal';

const BATCH = 200;

/** A run that changed something, or tried to. */
export interface RunEntry {
  readonly _id: string;
  readonly kind: 'run';
  readonly holder: Holder;
  readonly started: Date;
  /** Null while it runs, and for ever if it died. */
  readonly ended: Date | null;
  readonly target: string | null;
  readonly database: Pick<DatabaseOutcome, 'from' | 'to'> | null;
  readonly migrated: number;
  readonly failed: number;
  /** Who ended it before it was done. */
  readonly stopped?: string;
}

/** What a run did to one dataset. */
export interface DatasetEntry extends Omit<DatasetOutcome, 'error' | 'preview' | 'findings'> {
  readonly findings?: readonly Omit<Finding, 'example'>[];
  readonly _id: string;
  readonly kind: 'dataset';
  readonly run: string;
  readonly at: Date;
}

/** Writes the journal of one run; the first entry opens it, so a run that had nothing to do leaves no trace. */
export class Journal {
  readonly #counts = { migrated: 0, failed: 0 };
  #entries = 0;
  #opened: Promise<unknown> | undefined;

  constructor(
    readonly db: Db,
    readonly holder: Holder,
    readonly target: string | undefined,
    readonly database: DatabaseOutcome | undefined,
    readonly collection = JOURNAL,
  ) {}

  /** Opens the journal of the run, before its first write. */
  open(): Promise<unknown> {
    const { from, to, result } = this.database ?? {};
    const entry: Omit<RunEntry, 'started'> = {
      _id: this.holder.run,
      kind: 'run',
      holder: this.holder,
      ended: null,
      target: this.target ?? null,
      database: result === 'migrated' ? { from: from as string, to: to as string } : null,
      ...this.#counts,
    };
    this.#opened ??= serverTime(this.db).then((started) => this.#collection.insertOne({ ...entry, started }));
    return this.#opened;
  }

  /** Notes what was done to a dataset; a run that changes nothing notes nothing. */
  async add(outcome: DatasetOutcome): Promise<void> {
    if (outcome.result === 'migrated') this.#counts.migrated++;
    if (outcome.result === 'failed') this.#counts.failed++;
    if (outcome.result === 'migrated' || outcome.result === 'stopped' || (outcome.result === 'failed' && this.#opened))
      await this.#write(outcome);
  }

  readonly #write = batched<DatasetOutcome, undefined>(BATCH, async (outcomes) => {
    await this.open();
    const run = this.holder.run;
    const at = await serverTime(this.db);
    const entries = outcomes.map(({ error: _, preview: __, findings, ...outcome }): DatasetEntry => {
      const found = findings ? { findings: findings.map(({ example: ___, ...finding }) => finding) } : {};
      return { _id: `${run} ${this.#entries++}`, kind: 'dataset', run, ...outcome, ...found, at };
    });
    await this.#collection.insertMany(entries, { ordered: false });
    return outcomes.map(() => undefined);
  });

  /** Closes the journal of the run. */
  async close(stopped?: string): Promise<void> {
    if (!this.#opened) return;
    await this.#opened;
    const end = stopped === undefined ? {} : { stopped: { $literal: stopped } };
    await this.#collection.updateOne({ _id: this.holder.run }, [{ $set: { ended: '$$NOW', ...this.#counts, ...end } }]);
  }

  get #collection() {
    return this.db.collection<RunEntry | DatasetEntry>(this.collection);
  }
}

/** The runs of a database, newest first. */
export async function readRuns(db: Db, journal = JOURNAL): Promise<RunEntry[]> {
  return await db.collection<RunEntry>(journal).find({ kind: 'run' }).sort({ started: -1 }).toArray();
}

/** What one run did, dataset by dataset. @param run its id, or the beginning of it */
export async function readRun(
  db: Db,
  run: string,
  journal = JOURNAL,
): Promise<{ run: RunEntry; datasets: DatasetEntry[] } | undefined> {
  const runs = await readRuns(db, journal);
  const found = runs.filter(({ _id }) => _id.startsWith(run));
  const entry = found.length === 1 ? found[0] : undefined;
  if (!entry) return undefined;
  const datasets = await db
    .collection<DatasetEntry>(journal)
    .find({ kind: 'dataset', run: entry._id })
    .sort({ at: 1, _id: 1 })
    .toArray();
  return { run: entry, datasets };
}
