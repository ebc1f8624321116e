import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** A server program that is had once and kept in the cache folder. */
interface Fetched {
  readonly folder: string;
  /** The program in that folder. */
  readonly program: string;
  readonly get: (into: string) => Promise<unknown>;
}

const go = (module: string, version: string, program: string): Fetched => ({
  folder: `${program}-${version}`,
  program,
  get: (into) => run('go', ['install', `${module}@${version}`], { env: { ...process.env, GOBIN: into, CGO_ENABLED: '0' } }),
});

const npm = (name: string, version: string, program: string): Fetched => ({
  folder: `${name}-${version}`,
  program: join('node_modules', name, program),
  get: async (into) => {
    await writeFile(join(into, 'package.json'), '{ "private": true }');
    await run('npm', ['install', '--no-audit', '--no-fund', `${name}@${version}`], { cwd: into });
  },
});

const PROGRAMS = {
  versitygw: go('github.com/versity/versitygw/cmd/versitygw', 'v1.8.0', 'versitygw'),
  'fake-gcs-server': go('github.com/fsouza/fake-gcs-server', 'v1.56.1', 'fake-gcs-server'),
  azurite: npm('azurite', '3.35.0', 'dist/src/blob/main.js'),
};

export type MediaProgram = keyof typeof PROGRAMS;

/** A server program that can be neither found nor built nor installed here. */
export class NotToBeHad extends Error {}

/** The path of a server program; the first time it is built or installed, which takes a minute or two. @throws NotToBeHad */
export async function findMediaProgram(name: MediaProgram): Promise<string> {
  const { folder, program, get } = PROGRAMS[name];
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'fiftyone');
  const at = join(cache, folder);
  if (existsSync(join(at, program))) return join(at, program);
  await mkdir(cache, { recursive: true });
  // so that what is there is whole, also when several test files get it at once
  const into = await mkdtemp(join(cache, `${folder}-`));
  try {
    await get(into);
    await rename(into, at);
  } catch (error) {
    if (!existsSync(join(at, program)))
      throw new NotToBeHad(`${name} is not to be had: ${(error as Error).message.split('\n')[0]}`);
  } finally {
    await rm(into, { recursive: true, force: true });
  }
  return join(at, program);
}
