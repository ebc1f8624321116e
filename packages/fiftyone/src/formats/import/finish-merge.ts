import type { Db } from 'mongodb';
import { BsonType, Doc, date, decode, encode, int32, ObjectId, type ReadonlyDoc, Scalar, type Value } from '../../bson/index.js';
import { findDocs, updateRaw } from '../../database/raw.js';
import { indexFrames } from '../../datasets/indexes.js';
import { FiftyOneError } from '../../errors.js';
import { sampleCollection } from '../../migrations/sample-collection.js';
import type { ImportNote } from './import-notes.js';
import { mergedDataset } from './merged-dataset.js';

/** How often the dataset document is merged anew when other clients keep changing it. */
const MOST_ATTEMPTS = 20;

/** Puts what was staged into its dataset. It can be done again, and goes on where a process that died has stopped. */
export async function finishMerge(db: Db, note: ImportNote): Promise<void> {
  const imported = decode((note.merge as NonNullable<ImportNote['merge']>).imported.buffer);
  const into = await mergeDocument(db, note, imported);
  if (into === undefined) return;
  const frames = note.merge?.frames;
  if (frames !== undefined) await merge(db, frames, into.get('frame_collection_name') as string);
  await merge(db, note.samples, sampleCollection(into));
}

/** Gives the dataset what it lacks: before it has the samples, so that no client meets a field that is not declared. */
async function mergeDocument(db: Db, note: ImportNote, imported: ReadonlyDoc): Promise<ReadonlyDoc | undefined> {
  for (let attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    const before = (await findDocs(db, 'datasets', { _id: note.dataset }, { limit: 1 }))[0];
    if (before === undefined) return undefined;
    const { dataset } = mergedDataset(before, imported);
    if (note.merge?.frames !== undefined && typeof before.get('frame_collection_name') !== 'string') {
      const frames = `frames.${sampleCollection(before)}`;
      await indexFrames(db, frames);
      dataset.set('frame_collection_name', frames);
    }
    dataset.set('last_modified_at', date(Date.now()));
    const size = Doc.of(['$eq', [Doc.of(['$bsonSize', '$$ROOT']), int32(encode(before).length)]]);
    const same = ['version', 'last_modified_at', 'last_loaded_at'].map(
      (key) => [key, before.get(key) ?? null] as [string, Value],
    );
    const filter = Doc.of(['_id', new ObjectId(note.dataset.toHexString())], ...same, ['$expr', size]);
    const { n } = await updateRaw(
      db,
      'datasets',
      [Doc.of(['q', filter], ['u', new Scalar(BsonType.document, encode(dataset))])],
      true,
    );
    if (n === 1) return dataset;
  }
  throw new FiftyOneError(`dataset '${note.name}' is changed by other clients all the time`, {
    hint: 'import it again when it is less busy',
  });
}

async function merge(db: Db, from: string, into: string): Promise<void> {
  const stages = [{ $merge: { into, on: '_id', whenMatched: 'keepExisting' as const, whenNotMatched: 'insert' as const } }];
  await db
    .collection(from)
    .aggregate(stages, { writeConcern: { w: 'majority' } })
    .toArray();
}
