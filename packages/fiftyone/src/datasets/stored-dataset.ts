import { Doc, date, type ObjectId, type ReadonlyDoc, type Value } from '../bson/index.js';
import { authorized, type Connection } from '../database/connection.js';
import { findDocs, updateRaw } from '../database/raw.js';
import { DatasetNotFoundError, UsageError } from '../errors.js';
import { type Field, plainValue, restoredValue, schemaOf } from '../fields/index.js';
import { checkShape } from './document-shape.js';
import { availableSlug, checkedSlug } from './names.js';
import { writesOf } from './pending-writes.js';

/** Plain values that a dataset keeps for its users, such as `info`. */
export type PlainObject = Record<string, unknown>;

/**
 * What is stored of a dataset in its document. What is assigned to a property is saved by itself, one key at a time: `save()`, every other
 * verb and the end of the connection wait for that, and say so if it failed.
 */
export class StoredDataset {
  #doc: Doc;
  #slice: string | undefined;

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

  /** Anything, by name. Change a copy and assign it: `dataset.info = { ...dataset.info, author: 'me' }`. */
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

  /** Takes over its document as it is stored now. */
  protected adopt(doc: ReadonlyDoc): void {
    this.#doc = new Doc(doc);
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
    const value = restoredValue(this.#doc.get(key), given, key);
    checkShape(key, value);
    this.#save([value], [key]);
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
