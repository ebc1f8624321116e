import type { Db } from 'mongodb';
import { type Doc, ObjectId } from '../../bson/index.js';
import { runIdsOf } from '../read-record.js';
import type { DatasetRecord } from '../revision.js';
import type { Finding } from './finding.js';

/** Runs of a dataset whose results are not in GridFS. */
export async function missingResults(db: Db, { dataset, runs }: DatasetRecord): Promise<Finding[]> {
  const named = new Set(runIdsOf(dataset as Doc).map(String));
  const own = runs.filter((run) => named.has(String(run.get('_id'))) && run.get('results') instanceof ObjectId);
  if (own.length === 0) return [];
  const ids = own.map((run) => run.get('results') as ObjectId);
  const found = await db
    .collection('fs.files')
    .find({ _id: { $in: ids } }, { projection: { _id: 1 } })
    .toArray();
  const stored = new Set(found.map(({ _id }) => String(_id)));
  const without = own.filter((run) => !stored.has(String(run.get('results'))));
  return without.map((run) => ({
    problem: `the results of run ${JSON.stringify(run.get('key') ?? '')} are missing`,
    collection: 'fs.files',
    example: run.get('results') as ObjectId,
    next: 'restore them from a backup, or do the run anew',
  }));
}
