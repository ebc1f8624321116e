import { Doc, date, type ObjectId, type ReadonlyDoc, type Value } from '../bson/index.js';
import { authorized, type Connection } from '../database/connection.js';
import { findDocs, updateRaw } from '../database/raw.js';
import { DatasetNotFoundError, UsageError } from '../errors.js';
import {
  declareFields,
  type Field,
  type FieldType,
  plainValue,
  restoredValue,
  type SchemaKey,
  schemaOf,
} from '../fields/index.js';
import type { ExportOptions, ExportReport } from '../formats/export/export-options.js';
import type { ImportOptions, ImportReport } from '../formats/import/import-dataset.js';
import type { AddSamplesOptions } from '../samples/add-samples.js';
import type { Sample } from '../samples/sample.js';
import type { GivenValues } from '../values/given-values.js';
import type { SetValuesOptions } from '../values/set-values.js';
import type { ValuesOptions } from '../values/values.js';
import type { View } from '../views/view.js';
import type { CreateOptions } from './create.js';
import type { FromOptions } from './import.js';
import { availableSlug, checkedSlug } from './names.js';
import { writesOf } from './pending-writes.js';
import type { Reading, SampleCollection } from './sample-collection.js';

/** Plain values that a dataset keeps for its users, such as `info`. */
export type PlainObject = Record<string, unknown>;

/**
 * A dataset. What is assigned to its properties is saved by itself, one key at a time: `save()`, every other verb and the end of the
 * connection wait for that, and say so if it failed.
 */
export class Dataset implements SampleCollection {
  readonly isView = false;
  #doc: Doc;
  #slice: string | undefined;

  /** Makes an empty dataset in the default database. @param name by default the time @throws UsageError when the name is in use */
  static async create(name?: string, options?: CreateOptions): Promise<Dataset> {
    const { createDataset } = await import('./default-database.js');
    return await createDataset(name, options);
  }

  /** Imports an export into the default database, as a new dataset. */
  static async fromDir(options: FromOptions & { readonly datasetDir: string }): Promise<Dataset> {
    const { defaultDatabase } = await import('./default-database.js');
    return await (await defaultDatabase()).importDataset(options);
  }

  /** The same, of an archive of an export. */
  static async fromArchive(options: FromOptions & { readonly archivePath: string }): Promise<Dataset> {
    const { defaultDatabase } = await import('./default-database.js');
    return await (await defaultDatabase()).importDataset(options);
  }

  constructor(
    readonly connection: Connection,
    doc: ReadonlyDoc,
  ) {
    this.#doc = new Doc(doc);
  }

  /** Its document as it is stored. */
  get doc(): ReadonlyDoc {
    return this.#doc;
  }

  get id(): ObjectId {
    return this.#doc.get('_id') as ObjectId;
  }

  get name(): string {
    return String(this.#doc.get('name'));
  }

  /** Renames it. @throws UsageError for what cannot be a name; when saved, if another dataset has it */
  set name(name: string) {
    const slug = checkedSlug(name);
    this.#save([name, slug], ['name', 'slug'], () => availableSlug(this.connection, name, this.id));
  }

  get slug(): string {
    return String(this.#doc.get('slug'));
  }

  /** The version of its documents, or null where none is stored. */
  get version(): string | null {
    const version = this.#doc.get('version');
    return typeof version === 'string' ? version : null;
  }

  /** Whether it stays when the last client leaves. */
  get persistent(): boolean {
    return this.#doc.get('persistent') === true;
  }

  set persistent(persistent: boolean) {
    if (typeof persistent !== 'boolean') throw new UsageError('persistent must be true or false');
    this.#set('persistent', persistent);
  }

  /** `image`, `video`, `group`, `3d`, `point-cloud`, `multimodal`, `unknown`; null without samples. */
  get mediaType(): string | null {
    return this.#text('media_type');
  }

  get tags(): readonly string[] {
    return this.#list('tags');
  }

  set tags(tags: readonly string[]) {
    this.#set('tags', texts(tags, 'tags'));
  }

  get description(): string | null {
    return this.#text('description');
  }

  set description(description: string | null) {
    if (description !== null && typeof description !== 'string') throw new UsageError('the description must be text or null');
    this.#set('description', description);
  }

  /** Anything. Change a copy and assign it: `dataset.info = { ...dataset.info, author: 'me' }`. */
  get info(): PlainObject {
    return this.#object('info');
  }

  set info(info: PlainObject) {
    this.#set('info', info);
  }

  /** The classes of fields, by field. */
  get classes(): Record<string, readonly string[]> {
    return this.#object('classes') as Record<string, readonly string[]>;
  }

  set classes(classes: Record<string, readonly string[]>) {
    for (const [field, names] of Object.entries(classes)) texts(names, `classes.${field}`);
    this.#set('classes', classes);
  }

  get defaultClasses(): readonly string[] {
    return this.#list('default_classes');
  }

  set defaultClasses(classes: readonly string[]) {
    this.#set('default_classes', texts(classes, 'defaultClasses'));
  }

  /** What the values of masks stand for, by field; colours are hexadecimal, such as `#ff00aa`. */
  get maskTargets(): Record<string, Record<string, string>> {
    return this.#object('mask_targets') as Record<string, Record<string, string>>;
  }

  set maskTargets(targets: Record<string, Record<string, string>>) {
    this.#set('mask_targets', targets);
  }

  get defaultMaskTargets(): Record<string, string> {
    return this.#object('default_mask_targets') as Record<string, string>;
  }

  set defaultMaskTargets(targets: Record<string, string>) {
    this.#set('default_mask_targets', targets);
  }

  /** `{ field: { labels, edges } }` */
  get skeletons(): PlainObject {
    return this.#object('skeletons');
  }

  set skeletons(skeletons: PlainObject) {
    this.#set('skeletons', skeletons);
  }

  /** How the App shows it. Keys have the database's spelling. */
  get appConfig(): PlainObject {
    return this.#object('app_config');
  }

  set appConfig(config: PlainObject) {
    this.#set('app_config', config);
  }

  get createdAt(): Date | null {
    return this.#date('created_at');
  }

  get lastModifiedAt(): Date | null {
    return this.#date('last_modified_at');
  }

  get lastLoadedAt(): Date | null {
    return this.#date('last_loaded_at');
  }

  /** The field that ties samples together, or null. */
  get groupField(): string | null {
    return this.#text('group_field');
  }

  /** The media type of each slice. */
  get groupMediaTypes(): Record<string, string> {
    return this.#object('group_media_types') as Record<string, string>;
  }

  /** The slice whose samples are read, or null. Assigning it is not saved; `defaultGroupSlice` is. */
  get groupSlice(): string | null {
    return this.#slice ?? this.defaultGroupSlice;
  }

  set groupSlice(slice: string | null) {
    this.#slice = slice === null ? undefined : this.#checkedSlice(slice);
  }

  get defaultGroupSlice(): string | null {
    return this.#text('default_group_slice');
  }

  set defaultGroupSlice(slice: string) {
    this.#set('default_group_slice', this.#checkedSlice(slice));
  }

  /** The fields of its samples by name, without the private ones. */
  get schema(): ReadonlyMap<string, Field> {
    return byName(schemaOf(this.#doc, 'sample_fields'));
  }

  /** The fields of its frames by name, without the private ones. */
  get frameSchema(): ReadonlyMap<string, Field> {
    return byName(schemaOf(this.#doc, 'frame_fields'));
  }

  samples(slices: 'all' | 'active'): Reading {
    const collection = String(this.#doc.get('sample_collection_name'));
    const [field, slice] = [this.groupField, this.groupSlice];
    const isSliced = slices === 'active' && field !== null && slice !== null;
    return { collection, pipeline: isSliced ? [{ $match: { [`${field}.name`]: slice } }] : [] };
  }

  frames(): Reading | undefined {
    const collection = this.#doc.get('frame_collection_name');
    return typeof collection === 'string' ? { collection, pipeline: [] } : undefined;
  }

  /** How many samples it has; of a grouped one, in its slice. */
  async count(): Promise<number> {
    await this.save();
    const { collection, pipeline } = this.samples('active');
    const counted = this.connection.db.collection(collection).aggregate([...pipeline, { $count: 'n' }]);
    return ((await counted.next())?.n as number | undefined) ?? 0;
  }

  /** Waits until everything that was assigned is stored. @throws what kept it from being stored */
  async save(): Promise<void> {
    await writesOf(this.connection).settled(this);
  }

  /** Reads its document again. @throws DatasetNotFoundError when it was deleted */
  async reload(): Promise<void> {
    await this.save();
    const [doc] = await findDocs(this.connection.db, 'datasets', { _id: this.id }, { limit: 1 });
    if (doc === undefined) throw new DatasetNotFoundError(this.name);
    this.#doc = doc;
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
      const { ids, doc } = await addSamples(this.connection, this.#doc, samples, options);
      this.#doc = new Doc(doc);
      return ids;
    } catch (error) {
      await this.reload().catch(() => {});
      throw error;
    }
  }

  /** Declares a field of its samples. @param path such as `ground_truth.detections.color` for an attribute of labels */
  async addSampleField(path: string, type: FieldType): Promise<void> {
    await this.save();
    this.#doc = await declareFields(this.connection, this.id, 'sample_fields', [{ path, type }]);
  }

  /** Declares a field of its frames. */
  async addFrameField(path: string, type: FieldType): Promise<void> {
    await this.save();
    if (this.frames() === undefined) throw new UsageError(`Dataset '${this.name}' has no frames`);
    this.#doc = await declareFields(this.connection, this.id, 'frame_fields', [{ path, type }]);
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
    this.#doc = new Doc(doc);
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
    await this.reload();
    const { deleteField } = await import('./delete-field.js');
    this.#doc = await deleteField(this.connection, this.#doc, key, path);
  }

  #text(key: string): string | null {
    const value = this.#doc.get(key);
    return typeof value === 'string' ? value : null;
  }

  #list(key: string): string[] {
    const value = this.#doc.get(key);
    return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
  }

  #object(key: string): PlainObject {
    const value = this.#doc.get(key);
    return value instanceof Doc ? (plainValue(value) as PlainObject) : {};
  }

  #date(key: string): Date | null {
    const value = plainValue(this.#doc.get(key) ?? null);
    return value instanceof Date ? value : null;
  }

  #checkedSlice(slice: string): string {
    if (slice in this.groupMediaTypes) return slice;
    throw new UsageError(`Dataset '${this.name}' has no group slice '${slice}'`, {
      hint: `its slices are: ${Object.keys(this.groupMediaTypes).join(', ') || 'none, it is not grouped'}`,
    });
  }

  #set(key: string, given: unknown): void {
    this.#save([restoredValue(this.#doc.get(key), given, key)], [key]);
  }

  /** Takes the values over at once and queues the write; if that fails they are what they were before. */
  #save(values: readonly Value[], keys: readonly string[], check?: () => Promise<unknown>): void {
    const before = keys.map((key) => this.#doc.get(key));
    for (const [i, key] of keys.entries()) this.#doc.set(key, values[i] as Value);
    writesOf(this.connection).add(this, async () => {
      try {
        await check?.();
        await this.#write(keys.map((key, i) => [key, values[i] as Value]));
      } catch (error) {
        for (const [i, key] of keys.entries()) {
          const old = before[i];
          if (this.#doc.get(key) !== values[i]) continue;
          if (old === undefined) this.#doc.delete(key);
          else this.#doc.set(key, old);
        }
        throw error;
      }
    });
  }

  async #write(entries: readonly [string, Value][]): Promise<void> {
    const now = date(Date.now());
    const set = Doc.of(...entries, ['last_modified_at', now]);
    const statement = Doc.of(['q', Doc.of(['_id', this.id])], ['u', Doc.of(['$set', set])]);
    const { n } = await authorized(this.connection, () => updateRaw(this.connection.db, 'datasets', [statement]));
    if (n === 0) throw new DatasetNotFoundError(this.name);
    this.#doc.set('last_modified_at', now);
  }
}

function byName(fields: readonly Field[]): Map<string, Field> {
  return new Map(fields.filter(({ name }) => !name.startsWith('_')).map((field) => [field.name, field]));
}

function texts(values: readonly string[], what: string): readonly string[] {
  if (Array.isArray(values) && values.every((value) => typeof value === 'string')) return values;
  throw new UsageError(`${what} must be a list of strings`);
}
