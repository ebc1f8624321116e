/** Remembers what was used last, up to a size; the size of each value is given with it. */
export interface BoundedCache<T> {
  get(key: string): T | undefined;
  set(key: string, value: T, size: number): void;
  /** Another value of the same size, if there still is one. */
  replace(key: string, value: T): void;
}

export function boundedCache<T>(most: number): BoundedCache<T> {
  const kept = new Map<string, { value: T; size: number }>();
  let total = 0;
  const remove = (key: string) => {
    total -= kept.get(key)?.size ?? 0;
    kept.delete(key);
  };
  return {
    get(key) {
      const found = kept.get(key);
      if (found === undefined) return undefined;
      // to the end, where the youngest are
      kept.delete(key);
      kept.set(key, found);
      return found.value;
    },
    set(key, value, size) {
      remove(key);
      kept.set(key, { value, size });
      total += size;
      for (const oldest of kept.keys()) {
        if (total <= most || oldest === key) break;
        remove(oldest);
      }
    },
    replace(key, value) {
      const found = kept.get(key);
      if (found !== undefined) kept.set(key, { ...found, value });
    },
  };
}
