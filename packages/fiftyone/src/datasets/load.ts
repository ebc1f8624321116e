import { Doc, date } from '../bson/index.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import type { Connection } from '../database/connection.js';
import { findDocs, updateRaw } from '../database/raw.js';
import { DatasetNotFoundError } from '../errors.js';
import { migrateDatasets } from '../migrations/migrate.js';
import { Dataset } from './dataset.js';
import { globFilter } from './glob.js';
import { checkText } from './names.js';

/**
 * Loads a dataset. The first time that it is loaded under a newer version of the database it is upgraded to that version.
 *
 * @throws DatasetNotFoundError, and whatever kept the dataset from being upgraded
 */
export async function loadDataset(connection: Connection, name: string): Promise<Dataset> {
  checkText('the name of a dataset', name);
  const { datasets } = await migrateDatasets(connection, [name]);
  const outcome = datasets[0];
  if (outcome?.error) throw outcome.error;
  const [doc] = await findDocs(connection.db, 'datasets', { name: outcome?.name ?? name }, { limit: 1 });
  if (!doc) throw new DatasetNotFoundError(name);
  await noteLoad(connection, doc);
  return new Dataset(connection, doc);
}

const NOT_AUTHORIZED = 13;

/** Whoever may only read does without. */
async function noteLoad({ db }: Connection, doc: Doc): Promise<void> {
  const now = date(Date.now());
  const update = Doc.of(['$set', Doc.of(['last_loaded_at', now])]);
  try {
    await updateRaw(db, 'datasets', [Doc.of(['q', Doc.of(['_id', doc.get('_id') ?? null])], ['u', update])]);
    doc.set('last_loaded_at', now);
  } catch (error) {
    if ((error as { code?: unknown }).code !== NOT_AUTHORIZED) throw error;
  }
}

export interface ListOptions {
  /** Only datasets with any of these tags. */
  readonly tags?: string | readonly string[];
}

/** The names of the datasets, sorted by code point. @param glob a pattern for their names, such as `test-*`; all by default */
export async function listDatasets(connection: Connection, glob?: string, options: ListOptions = {}): Promise<string[]> {
  const docs = await findDocs(connection.db, 'datasets', listed(glob, options), { projection: { _id: 0, name: 1 } });
  const names = docs.map((doc) => doc.get('name')).filter((name) => typeof name === 'string');
  return names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

const OPTIONS: OptionNames<ListOptions> = { tags: 'anything' };

function listed(glob: string | undefined, options: ListOptions): object {
  checkOptions('listDatasets', options, OPTIONS);
  const { tags } = options;
  if (glob !== undefined) checkText('the pattern', glob);
  if (tags !== undefined) for (const tag of Array.isArray(tags) ? tags : [tags]) checkText('a tag', tag);
  const tagged = tags === undefined ? {} : { tags: typeof tags === 'string' ? tags : { $in: [...tags] } };
  return { sample_collection_name: /^samples\./, ...globFilter(glob), ...tagged };
}

/** What a list of datasets says of each. */
export interface DatasetInfo {
  readonly name: string;
  readonly createdAt: Date | null;
  readonly lastModifiedAt: Date | null;
  readonly lastLoadedAt: Date | null;
  readonly version: string | null;
  readonly persistent: boolean;
  readonly mediaType: string | null;
  readonly tags: readonly string[];
}

/** Like {@link listDatasets}, with what is known of each. */
export async function describeDatasets(connection: Connection, glob?: string, options: ListOptions = {}): Promise<DatasetInfo[]> {
  const keys = 'name created_at last_modified_at last_loaded_at version persistent media_type tags'.split(' ');
  const projection = Object.fromEntries(keys.map((key) => [key, 1]));
  const docs = await findDocs(connection.db, 'datasets', listed(glob, options), { projection });
  const datasets = docs.map((doc) => new Dataset(connection, doc));
  return datasets
    .map(({ name, createdAt, lastModifiedAt, lastLoadedAt, version, persistent, mediaType, tags }) => {
      return { name, createdAt, lastModifiedAt, lastLoadedAt, version, persistent, mediaType, tags };
    })
    .sort((a, b) => Buffer.compare(Buffer.from(a.name), Buffer.from(b.name)));
}

/** Whether there is a dataset of this name. */
export async function datasetExists({ db }: Connection, name: string): Promise<boolean> {
  checkText('the name of a dataset', name);
  return (await db.collection('datasets').findOne({ name }, { projection: { _id: 1 } })) !== null;
}
