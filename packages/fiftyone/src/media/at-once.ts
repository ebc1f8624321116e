/**
 * Runs a task for every item, so many at once, and takes no more items than that ahead. After a task has failed no further one
 * begins; those under way end first.
 *
 * @throws what the first failed task threw
 */
export async function atOnce<T>(
  items: Iterable<T> | AsyncIterable<T>,
  most: number,
  task: (item: T, index: number) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  let [running, index] = [0, 0];
  let ended = () => {};
  const oneEnds = () => {
    return new Promise<void>((resolve) => {
      ended = resolve;
    });
  };
  const run = async (item: T) => {
    running++;
    try {
      await task(item, index++);
    } catch (error) {
      failures.push(error);
    }
    running--;
    ended();
  };
  try {
    for await (const item of items) {
      if (failures.length > 0) break;
      void run(item);
      if (running >= most) await oneEnds();
    }
  } finally {
    while (running > 0) await oneEnds();
  }
  if (failures.length > 0) throw failures[0];
}
