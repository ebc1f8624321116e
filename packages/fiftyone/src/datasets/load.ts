import type { Connection } from '../database/connection.js';
import { findDocs } from '../database/raw.js';
import { DatasetNotFoundError } from '../errors.js';
import { migrateDatasets } from '../migrations/migrate.js';
import { Dataset } from './dataset.js';

/**
 * Loads a dataset. The first time that it is loaded under a newer version of the database it is upgraded to that version.
 *
 * @throws DatasetNotFoundError, and whatever kept the dataset from being upgraded
 */
export async function loadDataset(connection: Connection, name: string): Promise<Dataset> {
  const { datasets } = await migrateDatasets(connection, [name]);
  const outcome = datasets[0];
  if (outcome?.error) throw outcome.error;
  const [doc] = await findDocs(connection.db, 'datasets', { name: outcome?.name ?? name }, { limit: 1 });
  if (!doc) throw new DatasetNotFoundError(name);
  return new Dataset(connection, doc);
}

/** The names of all datasets, sorted by code point. */
export async function listDatasets(connection: Connection): Promise<string[]> {
  const docs = await findDocs(
    connection.db,
    'datasets',
    { sample_collection_name: /^samples\./ },
    { projection: { _id: 0, name: 1 } },
  );
  const names = docs.map((doc) => doc.get('name')).filter((name) => typeof name === 'string');
  return names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}
