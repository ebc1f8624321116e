import { date, encode, ObjectId } from '../bson/index.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { authorized, type Connection } from '../database/connection.js';
import { insertRaw } from '../database/raw.js';
import { Dataset } from './dataset.js';
import { deleteDataset } from './delete.js';
import { indexDatasets, indexSamples } from './indexes.js';
import { availableSlug, checkedSlug, nameTaken, timeName } from './names.js';
import { newDatasetDocument } from './new-document.js';

export interface CreateOptions {
  /** Whether it stays when the last client leaves. Default: false. */
  readonly persistent?: boolean;
  /** Whether a dataset of this name is deleted first. Default: false. */
  readonly overwrite?: boolean;
}

const OPTIONS: OptionNames<CreateOptions> = { persistent: 'boolean', overwrite: 'boolean' };

const DUPLICATE_KEY = 11000;

/** Makes an empty dataset. @param name by default the time @throws UsageError when the name, or its slug, is in use */
export async function createDataset(
  connection: Connection,
  name: string = timeName(new Date()),
  options: CreateOptions = {},
): Promise<Dataset> {
  checkOptions('createDataset', options, OPTIONS);
  const { persistent = false, overwrite = false } = options;
  const { db } = connection;
  checkedSlug(name);
  if (overwrite && (await db.collection('datasets').findOne({ name })) !== null) await deleteDataset(connection, name);
  const slug = await availableSlug(connection, name);
  const id = new ObjectId();
  const doc = newDatasetDocument({ id, name, slug, persistent, now: date(Date.now()) });
  const samples = String(doc.get('sample_collection_name'));
  return await authorized(connection, async () => {
    await indexDatasets(db);
    // its document last: whoever sees it finds its collection with all indexes
    await indexSamples(db, samples);
    try {
      await insertRaw(db, 'datasets', [encode(doc)]);
    } catch (error) {
      if ((error as { code?: unknown }).code !== DUPLICATE_KEY) throw error;
      await db.dropCollection(samples);
      throw nameTaken(name);
    }
    return new Dataset(connection, doc);
  });
}
