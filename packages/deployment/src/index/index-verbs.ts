import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { UsageError } from 'fiftyone';
import { listObjects } from 'fiftyone/media';
import { addFile } from './add-file.js';
import type { Audit } from './audit.js';
import type { Catalogue, FileRecord } from './catalogue.js';
import { type FileStore, ORPHAN_MS } from './file-store.js';
import type { NpmCatalogue } from './npm-catalogue.js';
import { type Retention, toDelete } from './retention.js';

/** What admins can do with the index. `by` says who does it, for the audit log. */
export interface IndexVerbs {
  /** Adds a file of this machine. @returns whether it is new. @throws Refusal as an upload is refused */
  add(path: string, by: string): Promise<boolean>;
  /** Adds a tarball for npm. @returns whether it is new. @throws Refusal as a publication is refused */
  addNpm(name: string, path: string, by: string): Promise<boolean>;
  /** The names of our projects that have files. */
  projects(): Promise<string[]>;
  /** The files of a project, by version. */
  files(project: string): Promise<readonly FileRecord[]>;
  /** Makes a name ours, so that it is never looked up elsewhere and its files can be uploaded. @returns it, normalised */
  claim(name: string, by: string): Promise<string>;
  /**
   * Tells installers not to use a version unless it is asked for exactly (PEP 592).
   *
   * @returns the names of its files. @throws UsageError if there are none
   */
  yank(project: string, version: string, reason: string, by: string): Promise<string[]>;
  /** Takes that back. @throws UsageError if the version has no files */
  unyank(project: string, version: string, by: string): Promise<string[]>;
  /** Deletes a file for good; its name is not used again. @throws UsageError if there is none */
  delete(file: string, by: string): Promise<void>;
  /** Deletes the old versions of a project by these rules. @returns the names of the files */
  retain(project: string, rules: Retention, by: string, options?: { readonly dryRun?: boolean }): Promise<string[]>;
  /** Deletes what uploads that were cut off left in the store, once it is a day old. @returns the keys */
  sweep(): Promise<string[]>;
  /** Deletes the oldest files of other indexes until those kept are at most this many bytes. @returns the keys */
  trimCache(bytes: number): Promise<string[]>;
}

export interface VerbPorts {
  readonly catalogue: Catalogue;
  readonly npm: NpmCatalogue;
  readonly files: FileStore;
  readonly audit: Audit;
}

export function indexVerbs({ catalogue, npm, files, audit }: VerbPorts): IndexVerbs {
  const { store, prefix } = files;

  const remove = async (file: string, by: string, why?: string): Promise<void> => {
    const record = await catalogue.remove(file);
    if (record === undefined) throw new UsageError(`there is no file ${file}`);
    await store.delete(record.key);
    await audit({ action: 'deleted', by, what: file, ...(why === undefined ? {} : { why }) });
  };

  const setYanked = async (project: string, version: string, reason: string | undefined, by: string): Promise<string[]> => {
    const names = await catalogue.yank(project, version, reason);
    if (names.length === 0) throw new UsageError(`there are no files of ${project} ${version}`);
    const what = `${project} ${version}`;
    await audit(reason === undefined ? { action: 'unyanked', by, what } : { action: 'yanked', by, what, why: reason });
    return names;
  };

  return {
    async add(path, by) {
      const name = basename(path);
      const isNew = await addFile(catalogue, files, { path, name, by });
      if (isNew) await audit({ action: 'uploaded', by, what: name });
      return isNew;
    },
    async addNpm(name, path, by) {
      const { id, isNew } = await npm.add(name, await readFile(path), 'latest', by);
      if (isNew) await audit({ action: 'uploaded', by, what: id });
      return isNew;
    },
    projects: () => catalogue.projects(),
    files: (project) => catalogue.files(project),
    async claim(name, by) {
      const project = await catalogue.claim(name);
      await audit({ action: 'name claimed', by, what: project });
      return project;
    },
    yank: setYanked,
    unyank: (project, version, by) => setYanked(project, version, undefined, by),
    delete: (file, by) => remove(file, by),
    async retain(project, rules, by, { dryRun = false } = {}) {
      const names = toDelete(await catalogue.files(project), rules, new Date());
      if (!dryRun) for (const name of names) await remove(name, by, 'retention');
      return names;
    },
    async sweep() {
      const swept: string[] = [];
      for await (const { key, modified } of listObjects(store, `${prefix}files/`)) {
        if (Date.now() - modified.getTime() < ORPHAN_MS || (await catalogue.isKept(key))) continue;
        await store.delete(key);
        swept.push(key);
      }
      return swept;
    },
    async trimCache(bytes) {
      const kept = [];
      for await (const object of listObjects(store, `${prefix}upstream/`)) kept.push(object);
      kept.sort((a, b) => b.modified.getTime() - a.modified.getTime());
      let total = 0;
      const old = kept.filter(({ size }) => {
        total += size;
        return total > bytes;
      });
      for (const { key } of old) await store.delete(key);
      return old.map(({ key }) => key);
    },
  };
}
