import type { Db } from 'mongodb';

/** Asks once how many bytes of data a database has; a database that does not tell counts as large. */
export function dataSize(db: Db): () => Promise<number> {
  let answer: Promise<number> | undefined;
  return () => {
    answer ??= db.command({ dbStats: 1 }).then(
      (stats) => stats.dataSize as number,
      () => Number.POSITIVE_INFINITY,
    );
    return answer;
  };
}
