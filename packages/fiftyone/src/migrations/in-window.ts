/** A place in a queue of tasks that run at once. */
export interface Turn {
  /** Resolves when every task before this one has passed its turn on. */
  mine(): Promise<void>;
  /** Passes the turn on; later calls do nothing. A task that ends passes it on in any case. */
  pass(): void;
}

/**
 * Runs a task per item, in order, at most `size` at once. What must not depend on timing a task does in its turn.
 *
 * @param stopped asked before each task; once true, no further task begins
 */
export async function inWindow<T>(
  items: readonly T[],
  size: number,
  stopped: () => boolean,
  task: (item: T, turn: Turn) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  let before = Promise.resolve();
  for (const item of items) {
    while (running.size >= size) await Promise.race(running);
    if (stopped()) break;
    const earlier = before;
    let pass = () => {};
    before = new Promise<void>((resolve) => {
      pass = () => resolve();
    });
    const current: Promise<void> = task(item, { mine: () => earlier, pass: () => void earlier.then(pass) }).finally(() => {
      void earlier.then(pass);
      running.delete(current);
    });
    running.add(current);
  }
  await Promise.all(running);
}
