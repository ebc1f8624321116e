import type { Db, Document } from 'mongodb';
import { type Estimate, sumOf } from './estimate.js';

/** What a whole run would take, beside what there is. */
export interface Total extends Estimate {
  readonly isReplicaSet: boolean;
  /** On the server's disk; undefined where the server does not tell. */
  readonly freeBytes: number | undefined;
  /** How much the oplog holds; undefined without one, and where the login may not look. */
  readonly oplogSize: number | undefined;
  /** What is too little. */
  readonly warnings: readonly string[];
}

/** Adds up the estimates of a run's datasets and compares them with the server's disk and oplog. */
export async function totalOf(db: Db, estimates: readonly Estimate[]): Promise<Total> {
  const sum = sumOf(estimates);
  const stats: Document = await db.stats().catch(() => ({}));
  const hello = await db.command({ hello: 1 });
  const isReplicaSet = typeof hello.setName === 'string';
  // zero for a database that does not exist yet
  const freeBytes = Number(stats.fsTotalSize) > 0 ? Number(stats.fsTotalSize) - Number(stats.fsUsedSize) : undefined;
  const oplogSize = isReplicaSet ? await oplogSizeOf(db) : undefined;
  return { ...sum, isReplicaSet, freeBytes, oplogSize, warnings: warningsFor(sum, freeBytes, oplogSize) };
}

/** What is likely to run out. */
export function warningsFor({ diskBytes, oplogBytes }: Estimate, free: number | undefined, oplog: number | undefined): string[] {
  return [
    ...(free !== undefined && diskBytes > free ? ['the disk of the server may be full before this is done'] : []),
    ...(oplog !== undefined && oplogBytes > oplog
      ? ['the oplog holds less than this writes: members of the replica set that fall behind may have to be synchronised anew']
      : []),
  ];
}

async function oplogSizeOf(db: Db): Promise<number | undefined> {
  const stages = [{ $collStats: { storageStats: {} } }, { $project: { size: '$storageStats.maxSize' } }];
  const oplog = db.client.db('local').collection('oplog.rs');
  const [found] = await oplog
    .aggregate(stages)
    .toArray()
    .catch(() => []);
  return typeof found?.size === 'number' ? found.size : undefined;
}
