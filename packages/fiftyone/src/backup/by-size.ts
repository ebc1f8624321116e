import { atOnce } from '../media/at-once.js';

/** What is larger takes much memory while it is on its way. */
const LARGE_BYTES = 2_000_000;

/** How many large ones are on their way at once, and how many others: of those the way itself takes longest. */
const LARGE_AT_ONCE = 3;
const SMALL_AT_ONCE = 8;

/** Runs a task for every item, large ones first: several at once, as many as fit into memory. */
export async function largestFirst<T>(
  items: readonly T[],
  bytesOf: (item: T) => number,
  task: (item: T, index: number) => Promise<void>,
): Promise<void> {
  const all = items.map((item, index) => ({ item, index, bytes: bytesOf(item) }));
  const large = all.filter(({ bytes }) => bytes > LARGE_BYTES).sort((a, b) => b.bytes - a.bytes);
  const small = all.filter(({ bytes }) => bytes <= LARGE_BYTES);
  await atOnce(large, LARGE_AT_ONCE, ({ item, index }) => task(item, index));
  await atOnce(small, SMALL_AT_ONCE, ({ item, index }) => task(item, index));
}
