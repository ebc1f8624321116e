/** More than there are versions in any database. */
const MOST = 10_000;

/** A pure function of a text that remembers what it gave. */
export function remembered<T>(compute: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    if (known.has(text)) return known.get(text) as T;
    const value = compute(text);
    if (known.size < MOST) known.set(text, value);
    return value;
  };
}
