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
  const running = new Set<Promise<void>>();
  const failures: unknown[] = [];
  let index = 0;
  try {
    for await (const item of items) {
      if (failures.length > 0) break;
      const run: Promise<void> = task(item, index++)
        .catch((error) => void failures.push(error))
        .then(() => void running.delete(run));
      running.add(run);
      if (running.size >= most) await Promise.race(running);
    }
  } finally {
    await Promise.all(running);
  }
  if (failures.length > 0) throw failures[0];
}
