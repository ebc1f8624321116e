import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
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
