import type { Db, Document } from 'mongodb';
import type { Doc, ObjectId } from '../bson/index.js';
import { findDocs } from '../database/raw.js';
import { DatasetNotFoundError } from '../errors.js';
import { listMetadata } from './collections.js';
import { filterOf, type Owned, readContent } from './dataset-parts.js';
import type { Scope, Versions } from './manifest.js';

/** A collection to back up, or some documents of it. */
export interface Part {
  readonly collection: string;
  /** By default all documents, with the options and indexes of the collection. */
  readonly filter?: Document;
}

/** What to back up: pure data. */
export interface What {
  readonly scope: Scope;
  readonly parts: readonly Part[];
  /** The leases under which nobody changes it meanwhile, of those who take any. */
  readonly leases: readonly string[];
  readonly versions: Versions;
}

/** Everything that a database holds, except for what says who is at work and who was. */
export async function wholeDatabase(db: Db): Promise<What> {
  const parts = (await listMetadata(db)).map(({ name }) => ({ collection: name }));
  const datasets = await findDocs(db, 'datasets', {}, { projection: HEAD });
  const leases = ['database', ...datasets.map(leaseOf)];
  return { scope: { kind: 'database' }, parts, leases, versions: await versionsOf(db, datasets) };
}

/** Datasets with all that belongs to them. @throws DatasetNotFoundError */
export async function wholeDatasets(db: Db, names: readonly string[]): Promise<What> {
  const datasets = await findDocs(db, 'datasets', { name: { $in: [...names] } });
  const missing = names.find((name) => !datasets.some((dataset) => dataset.get('name') === name));
  if (missing !== undefined) throw new DatasetNotFoundError(missing);
  const { own, shared } = await readContent(
    db,
    datasets.map((dataset) => dataset.get('_id') as ObjectId),
  );
  const parts = [...own.map((collection): Part => ({ collection })), ...shared.flatMap(partOf)];
  const existing = new Set((await listMetadata(db)).map(({ name }) => name));
  return {
    scope: { kind: 'datasets', datasets: datasets.map((dataset) => ({ id: idOf(dataset), name: String(dataset.get('name')) })) },
    parts: parts.filter(({ collection }) => existing.has(collection)),
    leases: datasets.map(leaseOf),
    versions: await versionsOf(db, datasets),
  };
}

function partOf(owned: Owned): Part[] {
  const filter = filterOf(owned);
  return filter === undefined ? [] : [{ collection: owned.collection, filter }];
}

/** Each collection once. */
export function merged(parts: readonly Part[]): Part[] {
  const filters = new Map<string, (Document | undefined)[]>();
  for (const { collection, filter } of parts) filters.set(collection, [...(filters.get(collection) ?? []), filter]);
  return [...filters].map(([collection, list]) => {
    const some = list.filter((filter) => filter !== undefined);
    if (some.length < list.length) return { collection };
    return { collection, filter: some.length === 1 ? (some[0] as Document) : { $or: some } };
  });
}

const HEAD = { name: 1, version: 1 };

/** The lease that everybody takes who works on a dataset. */
export function leaseOf(dataset: Doc): string {
  return `dataset ${dataset.get('_id')}`;
}

function idOf(dataset: Doc): string {
  return String(dataset.get('_id') as ObjectId);
}

async function versionsOf(db: Db, datasets: readonly Doc[]): Promise<Versions> {
  const [config] = await findDocs(db, 'config', {}, { sort: { _id: -1 }, limit: 1 });
  return {
    database: textOf(config?.get('version')),
    datasets: datasets.map((dataset) => ({
      id: idOf(dataset),
      name: String(dataset.get('name')),
      version: textOf(dataset.get('version')),
    })),
  };
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
