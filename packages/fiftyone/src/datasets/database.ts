import type { Connection } from '../database/connection.js';
import { isUnreachable } from '../errors.js';
import { readSettings, type Settings } from '../settings.js';
import { type CreateOptions, createDataset } from './create.js';
import type { Dataset } from './dataset.js';
import { deleteDataset, deleteDatasets, deleteNonPersistentDatasets } from './delete.js';
import type { FromOptions } from './import.js';
import { deleteIfLast } from './last-client.js';
import { type DatasetInfo, datasetExists, describeDatasets, type ListOptions, listDatasets, loadDataset } from './load.js';
import { openDatabase } from './open.js';
import { writesOf } from './pending-writes.js';

/** The database of FiftyOne, and what can be done with its datasets. Whoever opened it closes it. */
export class Database implements AsyncDisposable {
  #closed: Promise<void> | undefined;

  constructor(readonly connection: Connection) {}

  /**
   * Loads a dataset. The first time that it is loaded under a newer version of the database it is upgraded to that version.
   *
   * @throws DatasetNotFoundError, and whatever kept the dataset from being upgraded
   */
  loadDataset(name: string): Promise<Dataset> {
    return loadDataset(this.connection, name);
  }

  /** Makes an empty dataset. @param name by default the time @throws UsageError when the name is in use */
  createDataset(name?: string, options?: CreateOptions): Promise<Dataset> {
    return createDataset(this.connection, name, options);
  }

  /** Imports an export, from a folder or an archive, and loads its dataset. */
  async importDataset(options: FromOptions): Promise<Dataset> {
    const { importAndLoad } = await import('./import.js');
    return await importAndLoad(this.connection, options);
  }

  /** The names of the datasets, sorted by code point. @param glob a pattern for their names, such as `test-*`; all by default */
  listDatasets(glob?: string, options?: ListOptions & { info?: false }): Promise<string[]>;
  listDatasets(glob: string | undefined, options: ListOptions & { info: true }): Promise<DatasetInfo[]>;
  listDatasets(glob?: string, options: ListOptions & { info?: boolean } = {}): Promise<string[] | DatasetInfo[]> {
    const { info, ...others } = options ?? {};
    return info ? describeDatasets(this.connection, glob, others) : listDatasets(this.connection, glob, others);
  }

  datasetExists(name: string): Promise<boolean> {
    return datasetExists(this.connection, name);
  }

  /** Deletes a dataset with everything that belongs to it. @throws DatasetNotFoundError */
  deleteDataset(name: string): Promise<void> {
    return deleteDataset(this.connection, name);
  }

  /** Deletes the datasets whose names match a pattern. @returns their names */
  deleteDatasets(glob: string): Promise<string[]> {
    return deleteDatasets(this.connection, glob);
  }

  /** Deletes the datasets that are not persistent, whoever uses them. @returns their names */
  deleteNonPersistentDatasets(): Promise<string[]> {
    return deleteNonPersistentDatasets(this.connection);
  }

  /**
   * Waits for what still is to be saved, deletes the datasets that are not persistent if no other client is connected, and closes the
   * connection. A process ends by itself after that, not before.
   *
   * @throws what kept something from being saved
   */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    try {
      await writesOf(this.connection).allSettled();
      await deleteIfLast(this.connection).catch(unlessUnreachable);
    } finally {
      await this.connection.close();
    }
  }
}

/**
 * Opens a database: `await using database = await fo.connect()`.
 *
 * @param settings by default those of the environment and the config file
 * @throws ConnectionError, IncompatibleError
 */
export async function connect(settings: Settings = readSettings()): Promise<Database> {
  return new Database(await openDatabase(settings));
}

/** Whoever leaves because the server is gone has nothing to add. */
function unlessUnreachable(error: unknown): void {
  if (!isUnreachable(error)) throw error;
}
