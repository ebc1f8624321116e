import { setTimeout as sleep } from 'node:timers/promises';
import type { Db } from 'mongodb';
import type { Holder } from '../database/lease-store.js';
import { StoppedError } from '../errors.js';

/** The collection by which one process asks the run of another to pause or to end. */
export const CONTROL = 'migrations.control';

/** How often a run looks whether somebody asks something of it. */
const LOOK_MS = 400;

/** What can be asked of a run. */
export type Wish = 'pause' | 'cancel';

/** What somebody asks of a run. */
export interface Request {
  /** The run. */
  readonly _id: string;
  readonly wish: Wish;
  readonly by: string;
}

/** Lets a run pause, go on and end as others ask. It holds its leases while it pauses. */
export class Control {
  /** Why the run is to end, once it is. */
  stopped: string | undefined;
  #pausedBy: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #asked = false;

  /** @param onPause told who pauses the run, and undefined when it goes on */
  constructor(
    readonly db: Db,
    readonly run: string,
    readonly signal: AbortSignal | undefined,
    readonly onPause: (by: string | undefined) => void,
  ) {
    signal?.addEventListener('abort', this.#abort);
  }

  /** Begins to look for requests. */
  start(): void {
    this.#timer ??= setInterval(() => void this.#look(), LOOK_MS).unref();
    if (this.signal?.aborted) this.#abort();
  }

  /** Waits while the run is paused. @throws StoppedError when it is to end */
  readonly mayGoOn = async (): Promise<void> => {
    while (this.stopped === undefined && this.#pausedBy !== undefined) await sleep(100);
    if (this.stopped !== undefined) throw new StoppedError(this.stopped);
  };

  /** @param gone whether the server cannot be reached any more */
  async end(gone: boolean): Promise<void> {
    clearInterval(this.#timer);
    this.signal?.removeEventListener('abort', this.#abort);
    if (this.#asked && !gone) await this.#collection.deleteOne({ _id: this.run });
  }

  readonly #abort = (): void => this.#tell({ wish: 'cancel', by: String(this.signal?.reason ?? 'a signal') });

  async #look(): Promise<void> {
    try {
      this.#tell(await this.#collection.findOne({ _id: this.run }));
    } catch {
      // the next look tries again; a server that is gone is found out elsewhere
    }
  }

  #tell(request: Pick<Request, 'wish' | 'by'> | null): void {
    if (request !== null) this.#asked = true;
    if (request?.wish === 'cancel') this.stopped ??= `stopped by ${request.by}`;
    const pausedBy = request?.wish === 'pause' ? request.by : undefined;
    if (pausedBy !== this.#pausedBy) this.onPause(pausedBy);
    this.#pausedBy = pausedBy;
  }

  get #collection() {
    return this.db.collection<Request>(CONTROL);
  }
}

/** Asks runs to pause or to end. */
export async function ask(db: Db, runs: readonly Holder[], wish: Wish, by: string): Promise<void> {
  // whoever is to end does not pause first
  const wanted = { $cond: [{ $eq: ['$wish', 'cancel'] }, 'cancel', wish] };
  const update = [{ $set: { wish: wanted, by: { $literal: by } } }];
  const requests = runs.map(({ run }) => ({ updateOne: { filter: { _id: run }, update, upsert: true } }));
  await db.collection<Request>(CONTROL).bulkWrite(requests);
}

/** Lets runs that were asked to pause go on. @returns those of them that live */
export async function letGoOn(db: Db, alive: readonly Holder[]): Promise<Holder[]> {
  const collection = db.collection<Request>(CONTROL);
  const pausing = new Set((await collection.find({ wish: 'pause' }).toArray()).map(({ _id }) => _id));
  await collection.deleteMany({ $or: [{ wish: 'pause' }, { _id: { $nin: alive.map(({ run }) => run) } }] });
  return alive.filter(({ run }) => pausing.has(run));
}
