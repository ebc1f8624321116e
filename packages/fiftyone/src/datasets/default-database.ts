import type { CreateOptions } from './create.js';
import { connect, type Database } from './database.js';
import type { Dataset } from './dataset.js';
import type { DatasetInfo, ListOptions } from './load.js';

let opening: Promise<Database> | undefined;

/** The database that the environment and the config file name; opened when it is needed first. */
export function defaultDatabase(): Promise<Database> {
  if (opening === undefined) {
    const attempt = connect();
    opening = attempt;
    // the next call tries again
    attempt.catch(() => {
      if (opening === attempt) opening = undefined;
    });
  }
  return opening;
}

/**
 * Closes the default database, see {@link Database.close}: the last line of a script. It is opened again when it is needed again.
 *
 * @throws what kept something from being saved
 */
export async function close(): Promise<void> {
  const database = opening;
  opening = undefined;
  await (await database)?.close();
}

/** Loads a dataset of the default database. @throws DatasetNotFoundError, and whatever kept it from being upgraded */
export async function loadDataset(name: string): Promise<Dataset> {
  return (await defaultDatabase()).loadDataset(name);
}

/** The names of the datasets of the default database, sorted by code point. @param glob a pattern for their names, such as `test-*` */
export function listDatasets(glob?: string, options?: ListOptions & { info?: false }): Promise<string[]>;
/** The same, with what is known of each. */
export function listDatasets(glob: string | undefined, options: ListOptions & { info: true }): Promise<DatasetInfo[]>;
export async function listDatasets(glob?: string, options: ListOptions & { info?: boolean } = {}): Promise<unknown> {
  return (await defaultDatabase()).listDatasets(glob, options as ListOptions & { info: true });
}

/** Whether the default database has a dataset of this name. */
export async function datasetExists(name: string): Promise<boolean> {
  return (await defaultDatabase()).datasetExists(name);
}

/** Makes an empty dataset in the default database. @param name by default the time @throws UsageError when the name is in use */
export async function createDataset(name?: string, options?: CreateOptions): Promise<Dataset> {
  return (await defaultDatabase()).createDataset(name, options);
}

/** Deletes a dataset of the default database with everything that belongs to it. @throws DatasetNotFoundError */
export async function deleteDataset(name: string): Promise<void> {
  await (await defaultDatabase()).deleteDataset(name);
}

/** Deletes the datasets of the default database whose names match a pattern. @returns their names */
export async function deleteDatasets(glob: string): Promise<string[]> {
  return (await defaultDatabase()).deleteDatasets(glob);
}

/** Deletes the datasets of the default database that are not persistent, whoever uses them. @returns their names */
export async function deleteNonPersistentDatasets(): Promise<string[]> {
  return (await defaultDatabase()).deleteNonPersistentDatasets();
}
