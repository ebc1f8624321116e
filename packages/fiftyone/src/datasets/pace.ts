import { StoppedError } from '../errors.js';
import type { OnProgress, Progress } from './progress.js';

const PAUSE_MS = 250;

/** Tells how far a long operation got, a few times per second, and ends it when somebody asks for that. */
export class Pace {
  #next = 0;
  #what = '';

  constructor(
    readonly onProgress: OnProgress | undefined,
    readonly signal: AbortSignal | undefined,
  ) {}

  /** @throws StoppedError if the operation is to end */
  tell(progress: Progress): void {
    if (this.signal?.aborted) throw new StoppedError('stopped');
    const now = performance.now();
    const isDue = now >= this.#next || progress.what !== this.#what || progress.done === progress.total;
    if (!this.onProgress || !isDue) return;
    [this.#next, this.#what] = [now + PAUSE_MS, progress.what];
    this.onProgress(progress);
  }
}
