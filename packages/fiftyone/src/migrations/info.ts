import { MinKey } from 'bson';
import { toEjson } from '../bson/index.js';
import type { Connection } from '../database/connection.js';
import { readDatabaseConfig } from '../database/database-config.js';
import { findDocs } from '../database/raw.js';
import { DatasetNotFoundError } from '../errors.js';

/** Which version the database and its datasets have. */
export interface DatabaseInfo {
  readonly version: string;
  /** In the order of the index on names, or as stored if there is none, as the real client lists them; null for a version that is missing. */
  readonly datasets: readonly { readonly name: string; readonly version: string | null }[];
  /** How many documents have no name: they can neither be loaded nor migrated. */
  readonly nameless: number;
}

/** All documents, also those without a name; but such that the server goes through the index on names. */
const ANY_NAME = { name: { $gte: new MinKey() } };

/** Reads the versions of the database and of all datasets, and writes nothing. */
export async function readInfo(connection: Connection): Promise<DatabaseInfo> {
  const [{ version }, docs] = await Promise.all([
    readDatabaseConfig(connection.db),
    findDocs(connection.db, 'datasets', ANY_NAME, { projection: { _id: 0, name: 1, version: 1 } }),
  ]);
  const named = docs.filter((doc) => typeof doc.get('name') === 'string');
  const datasets = named.map((doc) => ({ name: String(doc.get('name')), version: textOf(doc.get('version') ?? null) }));
  return { version, datasets, nameless: docs.length - named.length };
}

function textOf(version: Parameters<typeof toEjson>[0]): string | null {
  return version === null || typeof version === 'string' ? version : toEjson(version);
}

/** The versions of these datasets. @throws DatasetNotFoundError for the first that does not exist */
export function versionsOf(info: DatabaseInfo, names: readonly string[]): (string | null)[] {
  return names.map((name) => {
    const dataset = info.datasets.find((candidate) => candidate.name === name);
    if (!dataset) throw new DatasetNotFoundError(name);
    return dataset.version;
  });
}
