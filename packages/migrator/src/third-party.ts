import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UsageError } from 'fiftyone';
import type { Revision } from 'fiftyone/engine';
import { collectionService } from './collection-service.js';
import { dropIndex, indexOn, makeIndex } from './indexes.js';
import { revisionOf } from './revision-of-edits.js';
import type { Service } from './service.js';

/** What a module of others adds: services, which come after those that are there, and revisions of services that are there. */
export interface Extension {
  readonly services?: readonly Service[];
  /** By the name of the service. */
  readonly revisions?: Readonly<Record<string, readonly Revision[]>>;
}

/** What a module of others is given if it exports a function, so that it need not find this package. */
export const toolkit = { collectionService, dropIndex, indexOn, makeIndex, revisionOf } as const;
export type Toolkit = typeof toolkit;

/** The setting that names modules of others: folders with an `index.js`, or npm packages, with commas between them. */
export const SERVICES_SETTING = 'FIFTYONE_MIGRATOR_SERVICES';

/**
 * Loads modules of others. Each has an {@link Extension} as its default export, or a function that makes one from a {@link Toolkit}.
 *
 * @param setting folders or npm packages, with commas between them
 * @param folder from where folders and packages are looked for
 * @throws UsageError naming the module that cannot be loaded, or is no extension
 */
export async function loadExtensions(setting: string, folder = process.cwd()): Promise<Extension[]> {
  const names = setting.split(',').map((name) => name.trim());
  return await Promise.all(names.filter((name) => name !== '').map((name) => load(name, folder)));
}

async function load(name: string, folder: string): Promise<Extension> {
  const hint = `it is named in ${SERVICES_SETTING}: a folder with an index.js, or an npm package`;
  let module: { default?: unknown };
  try {
    module = await import(pathToFileURL(fileOf(name, folder)).href);
  } catch (error) {
    throw new UsageError(`${name} cannot be loaded: ${(error as Error).message}`, { hint, cause: error });
  }
  const extension = typeof module.default === 'function' ? module.default(toolkit) : module.default;
  if (typeof extension !== 'object' || extension === null || !('services' in extension || 'revisions' in extension))
    throw new UsageError(`${name} has no services and no revisions as its default export`, { hint });
  return extension as Extension;
}

function fileOf(name: string, folder: string): string {
  const path = resolve(folder, name);
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  return isFolder ? join(path, 'index.js') : createRequire(join(folder, 'index.js')).resolve(name);
}

/** Services with what modules of others add. @throws UsageError for a name that is taken, or a service that cannot be extended */
export function extended(services: readonly Service[], extensions: readonly Extension[]): readonly Service[] {
  const all = [...services, ...extensions.flatMap((extension) => extension.services ?? [])];
  const taken = all.find(({ name }, i) => all.findIndex((other) => other.name === name) < i);
  if (taken) throw new UsageError(`there are two services called ${taken.name}`);
  const added = extensions.flatMap((extension) => Object.entries(extension.revisions ?? {}));
  const missing = added.find(([of]) => all.find(({ name }) => name === of)?.extend === undefined);
  if (missing) throw new UsageError(`there is no service called ${missing[0]} to which revisions could be added`);
  return all.map((service) => {
    const own = added.filter(([of]) => of === service.name).flatMap(([, revisions]) => revisions);
    return own.length === 0 ? service : (service.extend?.(own) ?? service);
  });
}
