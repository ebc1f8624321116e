import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { readIndexSettings } from '../../src/index/index-settings.js';
import { bareEnv, pythonTools, run } from './support/python.js';
import { runningIndex } from './support/running-index.js';
import { wheelFile } from './support/tiny-wheel.js';

let tools: Awaited<ReturnType<typeof pythonTools>>;

beforeAll(async () => {
  tools = await pythonTools('pip', 'uv', 'twine');
}, 180_000);
afterAll(() => tools.remove());

const pip = (...args: string[]) => run(tools.bin('python'), ['-m', 'pip', 'install', ...args]);

async function folderFor(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fiftyone-client-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

test('pip installs the newest version, and a given one, with the token in the address', async () => {
  if (!tools.has.pip) return;
  const index = await runningIndex();
  for (const version of ['2.9.0', '2.10.0']) expect((await index.upload({ name: 'fiftyone', version })).status).toBe(200);
  const address = index.url.replace('//', `//${index.token}@`);
  for (const [wanted, got, extra] of [
    ['fiftyone', '2.10.0', ''],
    ['fiftyone==2.9.0', '2.9.0', '/simple/'],
  ] as const) {
    const folder = await folderFor();
    const done = await pip('--target', folder, '--index-url', `${address}${extra}`, '--upgrade', wanted);
    expect(done.output).toContain(`Successfully installed fiftyone-${got}`);
    expect(await readFile(join(folder, 'fiftyone.py'), 'utf8')).toContain(got);
    expect(done.output).not.toContain(index.token);
  }
});

test('pip says that the credentials are wrong if the token is unknown, expired or revoked', async () => {
  if (!tools.has.pip) return;
  const index = await runningIndex();
  await index.upload({ name: 'fiftyone', version: '1.0' });
  const revoked = await index.newToken('read');
  await index.tokens.revoke(revoked.id);
  for (const token of ['nonsense', revoked.token]) {
    const done = await pip('--target', await folderFor(), '--index-url', index.url.replace('//', `//${token}@`), 'fiftyone');
    expect(done.code).not.toBe(0);
    expect(done.output).toMatch(/401 Error, Credentials not correct/);
  }
});

test('uv installs, twine and uv upload', async () => {
  const index = await runningIndex();
  const folder = await folderFor();
  if (tools.has.twine) {
    const wheel = await wheelFile(folder, { name: 'fiftyone', version: '3.0' });
    const upload = (file: string) =>
      run(tools.bin('twine'), ['upload', '--repository-url', `${index.url}/`, '-u', '__token__', '-p', index.token, file]);
    expect(await upload(wheel)).toMatchObject({ code: 0 });
    expect(await upload(wheel)).toMatchObject({ code: 0 });
    const other = await upload(await wheelFile(folder, { name: 'fiftyone', version: '3.0', code: 'other = 1' }));
    expect(other.code).not.toBe(0);
    expect(other.output.replace(/\s+/g, ' ')).toMatch(/409 .*File already exists/);
  }
  if (tools.has.uv) {
    const wheel = await wheelFile(folder, { name: 'fiftyone', version: '3.1' });
    const publish = await run(tools.bin('uv'), [
      'publish',
      '--publish-url',
      `${index.url}/legacy/`,
      '--token',
      index.token,
      wheel,
    ]);
    expect(publish).toMatchObject({ code: 0 });
    const target = await folderFor();
    const address = index.url.replace('//', `//${index.token}@`);
    const done = await run(tools.bin('uv'), ['pip', 'install', '--target', target, '--index-url', address, 'fiftyone'], {
      env: { ...bareEnv(), VIRTUAL_ENV: '' },
    });
    expect(done.output).toContain('fiftyone==3.1');
  }
}, 120_000);

test('with the one flag of the seeds pip gets ours from us and what it needs from elsewhere, and never ours from elsewhere', async () => {
  if (!tools.has.pip) return;
  const other = await runningIndex({ settings: { ownNames: ['fiftyone', 'tiny-dep'] } });
  await other.upload({ name: 'tiny-dep', version: '1.5' });
  await other.upload({ name: 'fiftyone', version: '99.0', code: 'evil = True' });
  const { upstream } = readIndexSettings({ FIFTYONE_INDEX_UPSTREAM: `${other.url.replace('//', `//${other.token}@`)}/simple/` });
  const index = await runningIndex({ settings: { upstream } });
  await index.upload({ name: 'fiftyone', version: '2.0', requires: ['tiny-dep>=1'] });
  const folder = await folderFor();
  const done = await pip(
    '--target',
    folder,
    '--index-url',
    index.url.replace('//', `//${index.token}@`),
    '--upgrade',
    'fiftyone',
  );
  expect(done.output).toContain('Successfully installed fiftyone-2.0 tiny-dep-1.5');
  expect(await readFile(join(folder, 'fiftyone.py'), 'utf8')).not.toContain('evil');
});

test('--extra-index-url works as the seeds have it', async () => {
  if (!tools.has.pip) return;
  const other = await runningIndex({ settings: { ownNames: ['tiny-dep'] } });
  await other.upload({ name: 'tiny-dep', version: '1.5' });
  const index = await runningIndex();
  await index.upload({ name: 'fiftyone-migrator', version: '2.0', requires: ['tiny-dep'] });
  const elsewhere = other.url.replace('//', `//${other.token}@`);
  const address = index.url.replace('//', `//${index.token}@`);
  const done = await pip(
    '--target',
    await folderFor(),
    '--index-url',
    elsewhere,
    `--extra-index-url=${address}`,
    'fiftyone-migrator',
  );
  expect(done.output).toContain('Successfully installed fiftyone-migrator-2.0 tiny-dep-1.5');
});

test('pip and uv leave a yanked version alone, unless it is asked for exactly', async () => {
  const index = await runningIndex();
  for (const version of ['1.0', '1.1']) await index.upload({ name: 'fiftyone', version });
  await index.verbs.yank('fiftyone', '1.1', 'loses labels', 'an admin');
  const address = index.url.replace('//', `//${index.token}@`);
  for (const [name, install] of [
    ['pip', pip],
    ['uv', (...args: string[]) => run(tools.bin('uv'), ['pip', 'install', ...args])],
  ] as const) {
    if (!tools.has[name]) continue;
    expect((await install('--target', await folderFor(), '--index-url', address, 'fiftyone')).output).toMatch(
      /fiftyone(-|==)1\.0/,
    );
    const exact = await install('--target', await folderFor(), '--index-url', address, 'fiftyone==1.1');
    expect(exact.output).toMatch(/fiftyone(-|==)1\.1/);
    expect(exact.output).toContain('loses labels');
  }
});

test('a file whose Python is not that of pip is not taken', async () => {
  if (!tools.has.pip) return;
  const index = await runningIndex();
  await index.upload({ name: 'fiftyone', version: '1.0' });
  await index.upload({ name: 'fiftyone', version: '2.0', requiresPython: '>=4' });
  const done = await pip('--target', await folderFor(), '--index-url', index.url.replace('//', `//${index.token}@`), 'fiftyone');
  expect(done.output).toContain('Successfully installed fiftyone-1.0');
});

test('if a token ends between page and file, pip says so', async () => {
  if (!tools.has.pip) return;
  const index = await runningIndex();
  await index.upload({ name: 'fiftyone', version: '1.0' });
  const { id, token } = await index.newToken('read');
  const { check } = index.tokens;
  // it expires while pip is at work: the page is still given out
  let asked = 0;
  index.tokens.check = async (given) => {
    if (given === token && ++asked === 2) await index.tokens.revoke(id);
    return await check(given);
  };
  const done = await pip('--target', await folderFor(), '--index-url', index.url.replace('//', `//${token}@`), 'fiftyone');
  expect(done.output).toMatch(/401 Client Error: This token was revoked|401 Error, Credentials not correct/);
});
