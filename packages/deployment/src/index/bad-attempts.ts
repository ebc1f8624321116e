/** Counts the bad attempts of each address. */
export interface BadAttempts {
  /** Counts one. @returns whether there were too many of them in this minute */
  add(address: string): boolean;
}

const WINDOW_MS = 60_000;
const MOST_ADDRESSES = 10_000;

/** @param most how many an address has in a minute */
export function badAttempts(most: number, now: () => number = Date.now): BadAttempts {
  const counts = new Map<string, { count: number; until: number }>();
  return {
    add(address) {
      const time = now();
      const known = counts.get(address);
      const one = known !== undefined && known.until > time ? known : { count: 0, until: time + WINDOW_MS };
      one.count++;
      counts.delete(address);
      counts.set(address, one);
      // the one that has been quiet for longest
      if (counts.size > MOST_ADDRESSES) counts.delete(counts.keys().next().value as string);
      return one.count > most;
    },
  };
}
