import type {
  CachedMediaOptions,
  DownloadMediaOptions,
  DownloadScenesOptions,
  LocalPathsOptions,
} from '../dataset-media/cached-media.js';
import { UsageError } from '../errors.js';
import { checkPath, checkType, declareFields, type FieldType, type SchemaKey } from '../fields/index.js';
import type { ExportOptions, ExportReport } from '../formats/export/export-options.js';
import type { ImportOptions, ImportReport } from '../formats/import/import-dataset.js';
import type { FilesReport } from '../media/copy-files.js';
import type { CacheStats } from '../media/media-cache.js';
import type { AddSamplesOptions } from '../samples/add-samples.js';
import type { Sample } from '../samples/sample.js';
import type { GivenValues } from '../values/given-values.js';
import type { SetValuesOptions } from '../values/set-values.js';
import type { ValuesOptions } from '../values/values.js';
import type { View } from '../views/view.js';
import type { CreateOptions } from './create.js';
import type { FromOptions } from './import.js';
import type { Reading, SampleCollection } from './sample-collection.js';
import { StoredDataset } from './stored-dataset.js';

/** A dataset: what is stored of it, and what can be done with its samples. */
export class Dataset extends StoredDataset implements SampleCollection {
  readonly isView = false;

  /** Makes an empty dataset in the default database. @param name by default the time @throws UsageError when the name is in use */
  static async create(name?: string, options?: CreateOptions): Promise<Dataset> {
    const { createDataset } = await import('./default-database.js');
    return await createDataset(name, options);
  }

  /** Imports an export into the default database, as a new dataset. */
  static async fromDir(options: FromOptions & { readonly datasetDir: string }): Promise<Dataset> {
    return await imported('fromDir', options);
  }

  /** The same, of an archive of an export. */
  static async fromArchive(options: FromOptions & { readonly archivePath: string }): Promise<Dataset> {
    return await imported('fromArchive', options);
  }

  samples(slices: 'all' | 'active'): Reading {
    const collection = String(this.doc.get('sample_collection_name'));
    const [field, slice] = [this.groupField, this.groupSlice];
    const isSliced = slices === 'active' && field !== null && slice !== null;
    return { collection, pipeline: isSliced ? [{ $match: { [`${field}.name`]: slice } }] : [] };
  }

  frames(): Reading | undefined {
    const collection = this.doc.get('frame_collection_name');
    return typeof collection === 'string' ? { collection, pipeline: [] } : undefined;
  }

  /** How many samples it has; of a grouped one, in its slice. */
  async count(): Promise<number> {
    await this.save();
    const { collection, pipeline } = this.samples('active');
    const counted = this.connection.db.collection(collection).aggregate([...pipeline, { $count: 'n' }]);
    return ((await counted.next())?.n as number | undefined) ?? 0;
  }

  /**
   * Adds samples: declares their fields, then stores them in batches.
   *
   * @returns their ids, 24 hexadecimal digits each
   * @throws UsageError for samples that cannot be stored
   */
  async addSamples(samples: Iterable<Sample> | AsyncIterable<Sample>, options: AddSamplesOptions = {}): Promise<string[]> {
    await this.reload();
    const { addSamples } = await import('../samples/add-samples.js');
    try {
      const { ids, doc } = await addSamples(this.connection, this.doc, samples, options);
      this.adopt(doc);
      return ids;
    } catch (error) {
      await this.reload().catch(() => {});
      throw error;
    }
  }

  /** Declares a field of its samples. @param path such as `ground_truth.detections.color` for an attribute of labels */
  async addSampleField(path: string, type: FieldType): Promise<void> {
    checkPath('addSampleField', path);
    checkType(type, path);
    await this.save();
    this.adopt(await declareFields(this.connection, this.id, 'sample_fields', [{ path, type }]));
  }

  /** Declares a field of its frames. */
  async addFrameField(path: string, type: FieldType): Promise<void> {
    checkPath('addFrameField', path);
    checkType(type, path);
    await this.save();
    if (this.frames() === undefined) throw new UsageError(`Dataset '${this.name}' has no frames`);
    this.adopt(await declareFields(this.connection, this.id, 'frame_fields', [{ path, type }]));
  }

  /** Removes a field, or an attribute of labels, from its samples and from the schema. @param path such as `ground_truth.detections.color` */
  async deleteSampleField(path: string): Promise<void> {
    await this.#deleteField('sample_fields', path);
  }

  /** Removes a field from its frames and from the schema. */
  async deleteFrameField(path: string): Promise<void> {
    await this.#deleteField('frame_fields', path);
  }

  /**
   * What is at a path of all its samples: `filepath`, `ground_truth.detections.label`, `frames.weather.label`. Of several paths a list each.
   *
   * @throws UsageError for a field that there is not
   */
  values(path: string, options?: ValuesOptions): Promise<unknown[]>;
  values(paths: readonly string[], options?: ValuesOptions): Promise<unknown[][]>;
  async values(path: string | readonly string[], options: ValuesOptions = {}): Promise<unknown[]> {
    await this.save();
    const { values } = await import('../values/values.js');
    return await values(this, path as string, options);
  }

  /** The same one by one, for what does not fit into memory. Of several paths a list for each sample. */
  iterateValues(path: string, options?: ValuesOptions): AsyncGenerator<unknown>;
  iterateValues(paths: readonly string[], options?: ValuesOptions): AsyncGenerator<unknown[]>;
  async *iterateValues(path: string | readonly string[], options: ValuesOptions = {}): AsyncGenerator<unknown> {
    await this.save();
    const { iterateValues } = await import('../values/values.js');
    yield* iterateValues(this, path as string, options);
  }

  /**
   * Sets a field of all its samples: to a list with a value each, in their order, or by key with `keyField`.
   *
   * @returns how many samples or frames got a value
   * @throws UsageError for a path, a key or a number of values that cannot be; InvalidValueError for a value
   */
  async setValues(path: string, values: GivenValues, options: SetValuesOptions = {}): Promise<number> {
    await this.reload();
    const { setValues } = await import('../values/set-values.js');
    const { updated, doc } = await setValues(this, path, values, options);
    this.adopt(doc);
    return updated;
  }

  /** Exports it into a folder, or an archive. */
  async export(options: ExportOptions): Promise<ExportReport> {
    await this.reload();
    const { exportDataset } = await import('../formats/export/export-dataset.js');
    const report = await exportDataset(this, options);
    if (options.exportMedia === 'move') await this.reload();
    return report;
  }

  /** Adds the samples of an export to it. @throws ImportError, UsageError before anything is written */
  async addDir(options: Omit<ImportOptions, 'into' | 'name' | 'overwrite'>): Promise<ImportReport> {
    await this.save();
    const { importDataset } = await import('../formats/import/import-dataset.js');
    const report = await importDataset(this.connection, { ...options, into: this.name });
    await this.reload();
    return report;
  }

  /** Fetches its media that are in stores into the media cache; of groups those of all slices. */
  async downloadMedia(options?: DownloadMediaOptions): Promise<FilesReport> {
    await this.save();
    return await (await import('../dataset-media/cached-media.js')).downloadMedia(this, options);
  }

  /** Fetches its 3D scenes that are in stores into the media cache, without the files that they name. */
  async downloadScenes(options?: DownloadScenesOptions): Promise<FilesReport> {
    await this.save();
    return await (await import('../dataset-media/cached-media.js')).downloadScenes(this, options);
  }

  /** Where the files of a media field are on this machine, fetched first; a list with a value for each sample. */
  async getLocalPaths(options?: LocalPathsOptions): Promise<unknown[]> {
    await this.save();
    return await (await import('../dataset-media/cached-media.js')).getLocalPaths(this, options);
  }

  /** How much of the media cache its media have. */
  async cacheStats(options?: CachedMediaOptions): Promise<CacheStats> {
    await this.save();
    return await (await import('../dataset-media/cached-media.js')).cacheStats(this, options);
  }

  /** Deletes its media from the media cache. */
  async clearMedia(options?: CachedMediaOptions): Promise<void> {
    await this.save();
    await (await import('../dataset-media/cached-media.js')).clearMedia(this, options);
  }

  /** The names of the views that are saved with it. */
  async listSavedViews(): Promise<string[]> {
    await this.reload();
    const { listSavedViews } = await import('../views/saved-views.js');
    return (await listSavedViews(this)).map(({ name }) => name);
  }

  /** A view that is saved with it: `values`, `setValues` and `exportDataset` take it in place of a dataset. @throws ViewNotFoundError */
  async loadSavedView(name: string): Promise<View> {
    await this.reload();
    const { loadSavedView } = await import('../views/saved-views.js');
    return await loadSavedView(this, name);
  }

  /** Deletes it, with everything that belongs to it. */
  async delete(): Promise<void> {
    await this.save();
    const { deleteDataset } = await import('./delete.js');
    await deleteDataset(this.connection, this.name);
  }

  async #deleteField(key: SchemaKey, path: string): Promise<void> {
    checkPath('deleting a field', path);
    await this.reload();
    const { deleteField } = await import('./delete-field.js');
    this.adopt(await deleteField(this.connection, this.doc, key, path));
  }
}

async function imported(verb: 'fromDir' | 'fromArchive', options: FromOptions): Promise<Dataset> {
  const { checkFrom, importAndLoad } = await import('./import.js');
  await checkFrom(verb, options);
  const { defaultDatabase } = await import('./default-database.js');
  return await importAndLoad((await defaultDatabase()).connection, options);
}
