/**
 * Takes items through two phases: the first runs one item after the other, in order; the second up to `limit` at once.
 * No more than `limit` items are past the first phase and not yet through the second, so memory stays flat.
 */
export async function inOrder<T, P>(
  items: readonly T[],
  limit: number,
  phases: { stopped: () => boolean; prepare: (item: T) => Promise<P>; finish: (prepared: P) => Promise<void> },
): Promise<void> {
  const running = new Set<Promise<void>>();
  for (const item of items) {
    while (running.size >= limit) await Promise.race(running);
    if (phases.stopped()) break;
    const prepared = await phases.prepare(item);
    if (phases.stopped()) break;
    const task: Promise<void> = phases.finish(prepared).finally(() => running.delete(task));
    running.add(task);
  }
  await Promise.all(running);
}
