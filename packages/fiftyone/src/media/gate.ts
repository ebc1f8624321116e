import { StoreError } from './store-error.js';

export interface GateOptions {
  /** How many requests may be under way at least, and at most. Default: 1 and 64 */
  readonly least?: number;
  readonly most?: number;
  /** With how many it begins. Default: 8 */
  readonly first?: number;
  /** The clock, in milliseconds. Default: performance.now */
  readonly now?: () => number;
}

/** Lets so many requests through at once as the server and the line can take. */
export interface Gate {
  /** @param bytes how much the request carries, to see whether more at once brings more */
  <T>(bytes: number, request: () => Promise<T>): Promise<T>;
  /** How many may be under way now. */
  width(): number;
}

/** How long the rate is measured before the width is thought over. */
const WINDOW_MS = 500;

/** A width has to bring so much more than the one before, or it is not worth it. */
const GAIN = 1.05;

/** What a request costs besides its bytes, so that small ones count too. */
const REQUEST_BYTES = 64 * 2 ** 10;

/**
 * A gate that finds its width: it becomes wider while that brings more bytes per second, goes back when it does not, and
 * halves when the server says that it is busy. With `least` and `most` the same it is a plain limit.
 */
export function gate({ least = 1, most = 64, first = 8, now = () => performance.now() }: GateOptions = {}): Gate {
  let width = Math.min(Math.max(first, least), most);
  let running = 0;
  const waiting: (() => void)[] = [];
  let windowStart = now();
  let windowBytes = 0;
  let isFull = false;
  let [lastRate, step] = [0, 1];
  let halved = Number.NEGATIVE_INFINITY;

  const admit = () => {
    while (running < width && waiting.length > 0) {
      running++;
      (waiting.shift() as () => void)();
    }
    isFull ||= running >= width;
  };

  const narrow = () => {
    // all that were under way are told the same: once is enough
    if (now() - halved < WINDOW_MS) return;
    halved = now();
    width = Math.max(least, Math.floor(width / 2));
    [lastRate, step, windowStart, windowBytes] = [0, 1, now(), 0];
  };

  const consider = () => {
    const took = now() - windowStart;
    if (took < WINDOW_MS) return;
    const rate = windowBytes / took;
    // a gate that nobody waits at says nothing about its width
    if (isFull && windowBytes > 0) {
      if (rate < lastRate * GAIN) step = -step;
      const change = step > 0 ? Math.max(1, Math.floor(width / 4)) : -Math.max(1, Math.floor(width / 8));
      width = Math.min(Math.max(width + change, least), most);
      lastRate = rate;
    }
    [windowStart, windowBytes, isFull] = [now(), 0, running >= width];
  };

  const pass = async <T>(bytes: number, request: () => Promise<T>): Promise<T> => {
    if (running < width && waiting.length === 0) running++;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    isFull ||= running >= width;
    try {
      const result = await request();
      windowBytes += bytes + REQUEST_BYTES;
      return result;
    } catch (error) {
      if (error instanceof StoreError && error.trouble === 'busy') narrow();
      throw error;
    } finally {
      running--;
      consider();
      admit();
    }
  };
  return Object.assign(pass, { width: () => width });
}
