import type { Db } from 'mongodb';

/** The indexes of the collection of datasets, spelled as the real client does: the server tells indexes apart by that. */
const OF_DATASETS = ['name', 'sample_collection_name'].map((key) => ({
  name: `${key}_1`,
  key: { [key]: 1 },
  unique: true,
  sparse: false,
  background: false,
}));

const OF_SAMPLES = ['filepath', 'created_at', 'last_modified_at'];
const OF_FRAMES = ['created_at', 'last_modified_at'];

/** Makes the indexes of the collection of datasets where they are missing. */
export async function indexDatasets(db: Db): Promise<void> {
  await db.command({ createIndexes: 'datasets', indexes: OF_DATASETS });
}

/** Makes a collection of samples with its indexes. */
export async function indexSamples(db: Db, collection: string): Promise<void> {
  await db.command({ createIndexes: collection, indexes: OF_SAMPLES.map(ascending) });
}

/** Makes a collection of frames with its indexes. */
export async function indexFrames(db: Db, collection: string): Promise<void> {
  const byNumber = { name: '_sample_id_1_frame_number_1', key: { _sample_id: 1, frame_number: 1 }, unique: true };
  await db.command({ createIndexes: collection, indexes: [byNumber, ...OF_FRAMES.map(ascending)] });
}

/** Makes the indexes by which the samples of a group, and those of a slice, are found. */
export async function indexGroups(db: Db, collection: string, field: string): Promise<void> {
  await db.command({ createIndexes: collection, indexes: [`${field}._id`, `${field}.name`].map(ascending) });
}

function ascending(key: string): { name: string; key: Record<string, 1> } {
  return { name: `${key}_1`, key: { [key]: 1 } };
}
