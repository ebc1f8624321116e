import type { Db, IndexDescription } from 'mongodb';

const TEMPORAL_TAGS: Record<string, string> = {
  unique_temporal_tag: '_dataset_id _sample_id kind index_type anchor start end tag',
  temporal_tag_overlap: '_dataset_id _sample_id kind index_type anchor start end',
  temporal_tag_sample_range: '_dataset_id _sample_id kind start end index_type anchor tag',
  temporal_tag_tag_lookup: '_dataset_id kind tag _sample_id start end index_type anchor',
  temporal_tag_counts: '_dataset_id kind anchor tag',
};

const TAGS = Object.entries(TEMPORAL_TAGS).map(([name, fields]) => ({
  name,
  key: Object.fromEntries(fields.split(' ').map((field) => [field, 1 as const])),
  ...(name === 'unique_temporal_tag' ? { unique: true } : {}),
}));

/** Collections that datasets share, with the indexes that FiftyOne gives them when it first writes there. */
const SHARED: Record<string, readonly IndexDescription[]> = {
  tags: TAGS,
  'fs.files': [{ key: { filename: 1, uploadDate: 1 }, name: 'filename_1_uploadDate_1' }],
  'fs.chunks': [{ key: { files_id: 1, n: 1 }, name: 'files_id_1_n_1', unique: true }],
};

/** Makes a shared collection if it is not there. */
export async function ensureShared(db: Db, name: string): Promise<void> {
  const indexes = SHARED[name];
  const existing = await db.listCollections({ name }, { nameOnly: true }).toArray();
  if (indexes !== undefined && existing.length === 0) await db.collection(name).createIndexes([...indexes]);
}
