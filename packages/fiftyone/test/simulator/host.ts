import type { Clock } from '../../src/database/leases.js';
import type { Audit } from './audit.js';
import type { Random } from './random.js';
import type { Timeline } from './timeline.js';

/** How the network of a schedule is. */
export interface Weather {
  readonly slow: number;
  readonly slowest: number;
  readonly cut: number;
}

export const CALM: Weather = { slow: 0, slowest: 0, cut: 0 };

/** The connection broke; nobody knows whether the server got the command. */
export class CutError extends Error {
  override readonly name = 'MongoNetworkError';
}

/** What a server does with a command: it answers at once, or later by `reply`. */
export type Command<T> = (reply: (answer: T | Error) => void) => void;

/** A process: it can be stopped for a while, put to sleep with its clock, and killed. */
export class Host implements Clock {
  /** The runs that were started on it: late messages of an earlier one still are its own. */
  readonly runs = new Set<string>();
  readonly started: number;
  alive = true;
  #stopped = false;
  #slept = 0;
  readonly #deferred: (() => void)[] = [];

  constructor(
    readonly timeline: Timeline,
    readonly random: Random,
    readonly audit: Audit,
    readonly weather: () => Weather,
    /** How fast its clock is. */
    readonly rate: number,
    /** Tells that a promise was settled. */
    readonly touch: () => void,
  ) {
    this.started = timeline.now;
  }

  /** Whether its own clock may be trusted: it did not go slower than the server's. */
  get clockIsRight(): boolean {
    return this.rate >= 1 && this.#slept === 0;
  }

  now(): number {
    return (this.timeline.now - this.started - this.#slept) * this.rate;
  }

  /** Does something in this process: now, when it goes on, or never. */
  do(task: () => void): void {
    if (!this.alive) return;
    if (this.#stopped) this.#deferred.push(task);
    else {
      task();
      this.touch();
    }
  }

  /** Stops it for a while, as SIGSTOP does; asleep, its clock stands still as well, as that of a laptop does. */
  stop(ms: number, asleep: boolean): void {
    if (this.#stopped) return;
    this.#stopped = true;
    if (ms < Number.POSITIVE_INFINITY)
      this.timeline.after(ms, () => {
        if (asleep) this.#slept += ms;
        this.#stopped = false;
        for (const task of this.#deferred.splice(0)) this.do(task);
      });
  }

  kill(): void {
    this.alive = false;
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.timeline.after(ms / this.rate, () => this.do(resolve)));
  }

  every(ms: number, run: () => void): () => void {
    let [ends, waits] = [false, false];
    const beat = () => {
      waits = false;
      if (!ends) run();
    };
    const tick = () => {
      if (ends || !this.alive) return;
      if (!waits) {
        waits = true;
        this.do(beat);
      }
      this.timeline.after(ms / this.rate, tick);
    };
    this.timeline.after(ms / this.rate, tick);
    return () => {
      ends = true;
    };
  }

  /** Sends a command that the server answers at once. */
  readonly send = <T>(command: () => T): Promise<T> => this.call<T>((reply) => reply(command()));

  /** Sends a command, over a network on which it, or its answer, can be slow or get lost. */
  call<T>(command: Command<T>): Promise<T> {
    const { random, timeline } = this;
    const { slow, slowest, cut } = this.weather();
    const delay = () => (random.chance(slow) ? random.between(0, slowest) : random.between(0.1, 20));
    const [there, back] = [delay(), delay()];
    const isCut = random.chance(cut);
    const [arrives, answers] = isCut ? random.pick(FATES) : ([true, true] as const);
    return new Promise<T>((resolve, reject) => {
      const reply = (answer: T | Error) => {
        if (!answers) return;
        timeline.after(back, () => this.do(() => (answer instanceof Error ? reject(answer) : resolve(answer))));
      };
      const execute = () => {
        try {
          this.audit.command(this, () => command(reply));
        } catch (error) {
          reply(error as Error);
        }
      };
      if (arrives) timeline.after(there, execute);
      if (!isCut) return;
      this.audit.counts.cut++;
      timeline.after(random.between(0, 3000), () => this.do(() => reject(new CutError())));
    });
  }
}

/** Of a connection that breaks: whether the command arrives, and whether its answer does. */
const FATES = [
  [false, false],
  [true, false],
] as const;
