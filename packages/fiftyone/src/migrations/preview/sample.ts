import { type Db, MongoServerError } from 'mongodb';
import type { MergeEdit, Query, UpdateEdit } from '../revision.js';
import { mergeParts, updateStages } from './edit-stages.js';
import type { Sample } from './estimate.js';

const SIZE = 200;

/** How long one measurement may take: what is slower than this is estimated from nothing. */
const MOST_MS = 1_000;

const NO_SAMPLE: Sample = { documents: 0, seconds: 0, bytesBefore: 0, bytesAfter: 0, whole: false };

/** Works out what an edit makes of a few documents, reading only, and measures it. */
export async function sampleOf(db: Db, edit: UpdateEdit | MergeEdit): Promise<Sample> {
  const { filter, stages } = edit.kind === 'merge' ? mergeParts(edit) : { filter: edit.filter, stages: updateStages(edit) };
  if (stages === undefined) return NO_SAMPLE;
  try {
    const chosen = await chosenBy(db, edit.collection, filter);
    if (chosen.length === 0) return NO_SAMPLE;
    const source = { $match: { _id: { $in: chosen } } };
    const before = await measure(db, edit.collection, [source]);
    const after = await measure(db, edit.collection, [source, ...stages]);
    const bytesAfter = after.bytes + (edit.kind === 'merge' ? before.bytes : 0);
    const whole = stages.some((stage) => '$replaceWith' in stage);
    return { documents: chosen.length, seconds: after.seconds, bytesBefore: before.bytes, bytesAfter, whole };
  } catch (error) {
    // an estimate is not worth a failure
    if (!(error instanceof MongoServerError)) throw error;
    return NO_SAMPLE;
  }
}

/** From all over the collection where that is cheap. */
async function chosenBy(db: Db, collection: string, filter: Query): Promise<unknown[]> {
  const some = Object.keys(filter).length === 0 ? [{ $sample: { size: SIZE } }] : [{ $match: filter }, { $limit: SIZE }];
  const found = await db
    .collection(collection)
    .aggregate([...some, { $project: { _id: 1 } }], { maxTimeMS: MOST_MS })
    .toArray();
  return found.map(({ _id }) => _id);
}

async function measure(db: Db, collection: string, stages: readonly Query[]): Promise<{ bytes: number; seconds: number }> {
  const size = { $group: { _id: null, bytes: { $sum: { $bsonSize: '$$ROOT' } } } };
  const started = performance.now();
  const [sum] = await db
    .collection(collection)
    .aggregate([...stages, size], { maxTimeMS: MOST_MS })
    .toArray();
  return { bytes: Number(sum?.bytes ?? 0), seconds: (performance.now() - started) / 1000 };
}
