import type { Connection } from '../database/connection.js';

/** Writes that were queued by assigning to something, in the order in which that happened. */
export class PendingWrites {
  readonly #queues = new Map<object, { done: Promise<void>; failures: unknown[] }>();

  /** Queues a write behind the others of the same owner. */
  add(owner: object, write: () => Promise<void>): void {
    const { done, failures } = this.#queues.get(owner) ?? { done: Promise.resolve(), failures: [] };
    const next = done.then(write).catch((error) => void failures.push(error));
    this.#queues.set(owner, { done: next, failures });
  }

  /** Waits for the writes of an owner. @throws the error of the first that failed, once */
  async settled(owner: object): Promise<void> {
    for (let queue = this.#queues.get(owner); queue !== undefined; queue = this.#queues.get(owner)) {
      await queue.done;
      if (this.#queues.get(owner) !== queue) continue;
      this.#queues.delete(owner);
      if (queue.failures.length > 0) throw queue.failures[0];
    }
  }

  /** Waits for all writes. @throws the error of the first that failed */
  async allSettled(): Promise<void> {
    const failures: unknown[] = [];
    for (const owner of [...this.#queues.keys()]) await this.settled(owner).catch((error) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }
}

const all = new WeakMap<Connection, PendingWrites>();

/** The writes that wait on a connection. */
export function writesOf(connection: Connection): PendingWrites {
  const known = all.get(connection);
  if (known !== undefined) return known;
  const writes = new PendingWrites();
  all.set(connection, writes);
  return writes;
}
