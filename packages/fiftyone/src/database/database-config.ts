import type { Db } from 'mongodb';
import { Doc, type ReadonlyDoc, toEjson, type Value } from '../bson/index.js';
import { ConnectionError, MalformedError } from '../errors.js';
import { compareBase, isVersion, openSourceVersion } from '../version.js';
import { deleteRaw, findDocs, updateRaw } from './raw.js';

export const DATABASE_TYPE = 'fiftyone';

/** What the database says of itself, in its one `config` document. */
export interface DatabaseConfig {
  /** The version of the database: an open source version. */
  readonly version: string;
  /** Whether the version is stored; otherwise it is what can be concluded from the datasets. */
  readonly stored: boolean;
  /** The ids of superfluous documents: the newest one counts. */
  readonly superfluous: readonly Value[];
  readonly doc: ReadonlyDoc | undefined;
}

/**
 * Reads the `config` collection and writes nothing.
 *
 * A database without a stored version is as new as its newest dataset: releases before 0.15 stored none. Without datasets
 * either it is new, and has this client's version.
 *
 * @throws ConnectionError when the database belongs to another product, MalformedError when the version is none
 */
export async function readDatabaseConfig(db: Db): Promise<DatabaseConfig> {
  const docs = await findDocs(db, 'config', {}, { sort: { _id: -1 } });
  const doc = docs[0];
  const type = doc?.get('type') ?? DATABASE_TYPE;
  if (type !== DATABASE_TYPE) {
    throw new ConnectionError(
      `cannot connect to database type '${typeof type === 'string' ? type : toEjson(type)}' with client type '${DATABASE_TYPE}'`,
      {
        hint: 'this database belongs to another product: check FIFTYONE_DATABASE_NAME',
      },
    );
  }
  const superfluous = docs.slice(1).map((other) => other.get('_id') as Value);
  const version = doc?.get('version') ?? null;
  if (version === null) return { version: await newestDataset(db), stored: false, superfluous, doc };
  if (typeof version !== 'string' || !isVersion(version)) {
    throw new MalformedError(
      "'version' of the document in collection config",
      JSON.stringify(version),
      'a version such as "1.22.1"',
    );
  }
  return { version, stored: true, superfluous, doc };
}

async function newestDataset(db: Db): Promise<string> {
  const found = await datasetVersions(db);
  if (found.length === 0) return openSourceVersion;
  const versions = found.filter((v): v is string => typeof v === 'string' && isVersion(v));
  // one that is newer than this client was not written by the release that the others were
  const known = versions.filter((version) => compareBase(version, openSourceVersion) <= 0);
  return known.reduce((newest, version) => (compareBase(version, newest) > 0 ? version : newest), '0.0');
}

/** The versions that the datasets have, each of them once; null for those without one. */
export async function datasetVersions(db: Db): Promise<unknown[]> {
  const groups = await db
    .collection('datasets')
    .aggregate([{ $group: { _id: '$version' } }])
    .toArray();
  return groups.map(({ _id }) => _id);
}

/** Whether there is no dataset at all. */
export async function isEmpty(db: Db): Promise<boolean> {
  return (await db.collection('datasets').findOne({}, { projection: { _id: 1 } })) === null;
}

/**
 * Stores the version. Other keys of the document stay; superfluous documents are removed.
 *
 * @param inTime an expression that fails once somebody else may be at work
 */
export async function saveDatabaseVersion(db: Db, config: DatabaseConfig, version: string, inTime: Value = true): Promise<void> {
  const id = config.doc?.get('_id');
  const filter = id === undefined ? new Doc() : Doc.of(['_id', id]);
  // a pipeline adds new keys in the order as written, plain $set would sort them
  const guarded = Doc.of(['$cond', [inTime, version, '$version']]);
  const update = [Doc.of(['$set', Doc.of(['version', guarded], ['type', DATABASE_TYPE])])];
  await updateRaw(db, 'config', [Doc.of(['q', filter], ['u', update], ['upsert', true])], true);
  const superfluous = Doc.of(['_id', Doc.of(['$in', [...config.superfluous]])]);
  if (config.superfluous.length > 0) await deleteRaw(db, 'config', superfluous);
}
