import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { request } from 'node:http';
import { gzipSync } from 'node:zlib';
import { blake2b } from '@noble/hashes/blake2.js';
import { Header } from 'tar';
import { expect, test } from 'vitest';
import { basic, runningIndex } from './support/running-index.js';
import { tinyWheel, zipped } from './support/tiny-wheel.js';

const WHEEL = { name: 'fiftyone', version: '1.0' };
const NAME = 'fiftyone-1.0-py3-none-any.whl';
const digest = (kind: string, bytes: Uint8Array) => createHash(kind).update(bytes).digest('hex');

test('an upload with all digests is taken once, and the same again is fine', async () => {
  const index = await runningIndex();
  const { bytes } = await tinyWheel(WHEEL);
  const fields = {
    ...{
      name: 'FiftyOne',
      version: '1.0.0'.slice(0, 3),
      sha256_digest: digest('sha256', bytes),
      md5_digest: digest('md5', bytes),
    },
    blake2_256_digest: Buffer.from(blake2b(bytes, { dkLen: 32 })).toString('hex'),
  };
  for (let i = 0; i < 2; i++) expect((await index.send(NAME, bytes, fields)).status).toBe(200);
  expect(index.events.map(({ action, what }) => [action, what])).toEqual([['uploaded', NAME]]);
});

test('other content under the name of a file is refused, and the file stays what it was', async () => {
  const index = await runningIndex();
  const { bytes } = await tinyWheel(WHEEL);
  await index.send(NAME, bytes, {});
  const other = await index.send(NAME, (await tinyWheel({ ...WHEEL, code: 'evil = 1' })).bytes, {});
  expect([other.status, await other.text()]).toEqual([409, expect.stringContaining('File already exists')]);
  expect(Buffer.from(await (await index.ask(`/packages/${NAME}`)).arrayBuffer())).toEqual(bytes);
});

test('of several at once with different content one wins, and the others are told', async () => {
  const index = await runningIndex();
  const wheels = await Promise.all(Array.from({ length: 6 }, (_, i) => tinyWheel({ ...WHEEL, code: `n = ${i}` })));
  const statuses = await Promise.all(wheels.map(async ({ bytes }) => (await index.send(NAME, bytes, {})).status));
  expect(statuses.sort()).toEqual([200, 409, 409, 409, 409, 409]);
  const served = Buffer.from(await (await index.ask(`/packages/${NAME}`)).arrayBuffer());
  expect(wheels.filter(({ bytes }) => served.equals(bytes))).toHaveLength(1);
});

test.each([
  ['sha256_digest', { sha256_digest: '0'.repeat(64) }],
  ['md5_digest', { md5_digest: '0'.repeat(32) }],
  ['blake2_256_digest', { blake2_256_digest: '0'.repeat(64) }],
  ['another project', { name: 'other' }],
  ['another version', { version: '2.0' }],
  ['another action', { ':action': 'doc_upload' }],
])('a form that states %s that is not so is refused', async (_, fields) => {
  const index = await runningIndex();
  const { bytes } = await tinyWheel(WHEEL);
  expect((await index.send(NAME, bytes, fields as Record<string, string>)).status).toBe(400);
  expect(await index.verbs.projects()).toEqual([]);
  expect(index.events).toMatchObject([{ action: 'upload refused' }]);
});

test.each([
  'fiftyone.exe',
  '../fiftyone-1.0-py3-none-any.whl',
  '..\\fiftyone-1.0-py3-none-any.whl',
  '/etc/fiftyone-1.0-py3-none-any.whl',
  'fiftyone-1.0-py3-none-any.whl/x',
  'files/fiftyone-1.0-py3-none-any.whl',
])('a file called %s is refused', async (name) => {
  const index = await runningIndex();
  const { bytes } = await tinyWheel(WHEEL);
  expect((await index.send(name, bytes, {})).status).toBe(400);
  expect(await readdir(index.folder)).toEqual([]);
});

test('a project that nobody claimed cannot be uploaded, so that a token cannot shadow what others need', async () => {
  const index = await runningIndex();
  const refused = await index.upload({ name: 'numpy', version: '99' });
  expect([refused.status, await refused.text()]).toEqual([403, expect.stringContaining('has to claim')]);
  await index.verbs.claim('Plug_In', 'an admin');
  expect((await index.upload({ name: 'plug-in', version: '1' })).status).toBe(200);
});

const METADATA = 'Metadata-Version: 2.1\nName: fiftyone\nVersion: 1.0\n';
const INFO = 'fiftyone-1.0.dist-info/METADATA';

/** A zip whose central directory lies about an entry. */
function patched(zip: Buffer, change: (central: Buffer) => void): Buffer {
  const copy = Buffer.from(zip);
  change(copy.subarray(copy.indexOf(Buffer.from('504b0102', 'hex'))));
  return copy;
}

const BAD_WHEELS: Record<string, () => Promise<Buffer>> = {
  'is no zip': async () => Buffer.from('not a zip at all'),
  'is empty': async () => Buffer.alloc(0),
  'has no METADATA': () => zipped({ 'fiftyone.py': '' }),
  'has the METADATA of another project': async () =>
    (await tinyWheel({ ...WHEEL, metadata: METADATA.replace('fiftyone', 'other') })).bytes,
  'has the METADATA of another version': async () =>
    (await tinyWheel({ ...WHEEL, metadata: METADATA.replace('1.0', '1.1') })).bytes,
  'has a name twice in METADATA': async () => (await tinyWheel({ ...WHEEL, metadata: `${METADATA}Name: other\n` })).bytes,
  'has two dist-info folders': () => zipped({ [INFO]: METADATA, 'other-1.0.dist-info/METADATA': METADATA }),
  'leaves its folder': async () =>
    Buffer.from(
      (await zipped({ [INFO]: METADATA, 'aa/evil.py': '' })).toString('latin1').replaceAll('aa/evil', '../evil'),
      'latin1',
    ),
  'has an absolute path': async () =>
    Buffer.from(
      (await zipped({ [INFO]: METADATA, 'a/evil.py': '' })).toString('latin1').replaceAll('a/evil', '//evil'),
      'latin1',
    ),
  'has backslashes': async () =>
    Buffer.from(
      (await zipped({ [INFO]: METADATA, 'aa/evil.py': '' })).toString('latin1').replaceAll('aa/evil', '..\\evil'),
      'latin1',
    ),
  'has a file twice': async () =>
    Buffer.from(
      (await zipped({ [INFO]: METADATA, 'a.py': '', 'b.py': '' })).toString('latin1').replaceAll('b.py', 'a.py'),
      'latin1',
    ),
  'is a bomb': () => zipped({ [INFO]: METADATA, 'zeros.py': Buffer.alloc(150 * 2 ** 20) }),
  'has METADATA that is a bomb': () =>
    zipped({ [INFO]: Buffer.concat([Buffer.from(METADATA), Buffer.alloc(50 * 2 ** 20, '\n')]) }),
  'has METADATA that is longer than it says': async () =>
    patched(await zipped({ [INFO]: Buffer.concat([Buffer.from(METADATA), Buffer.alloc(5 * 2 ** 20, '\n')]) }), (central) =>
      central.writeUInt32LE(100, 24),
    ),
};

test.each(Object.keys(BAD_WHEELS))('a wheel that %s is refused', async (kind) => {
  const index = await runningIndex();
  const answer = await index.send(NAME, await (BAD_WHEELS[kind] as () => Promise<Buffer>)(), {});
  expect([answer.status, await answer.text()]).toEqual([400, expect.stringMatching(/wheel|metadata/)]);
  expect(await index.verbs.projects()).toEqual([]);
});

function sdist(files: Record<string, string | Buffer>): Buffer {
  const blocks = Object.entries(files).flatMap(([path, content]) => {
    const bytes = Buffer.from(content);
    const header = Buffer.alloc(512);
    new Header({ path, size: bytes.length, mode: 0o644, type: 'File', mtime: new Date(0) }).encode(header);
    return [header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

test('a source distribution is taken by its PKG-INFO, and refused without', async () => {
  const index = await runningIndex();
  const name = 'fiftyone-1.0.tar.gz';
  for (const bad of [
    { 'x/setup.py': '' },
    { 'x/PKG-INFO': METADATA.replace('1.0', '2.0') },
    { 'x/PKG-INFO': METADATA, '../evil': '' },
    { 'x/PKG-INFO': METADATA, 'y/PKG-INFO': METADATA },
  ]) {
    expect((await index.send(name, sdist(bad as Record<string, string>), {})).status).toBe(400);
  }
  expect((await index.send(name, Buffer.from('no archive'), {})).status).toBe(400);
  expect((await index.send(name, sdist({ 'x/PKG-INFO': METADATA, 'x/a.py': '' }), {})).status).toBe(200);
  expect((await index.ask(`/packages/${name}.metadata`)).status).toBe(404);
});

test('an upload that is too large is refused, and nothing of it stays', async () => {
  const index = await runningIndex({ settings: { largestFile: 1000 } });
  const answer = await index.send(NAME, Buffer.alloc(5000), {});
  expect([answer.status, await answer.text()]).toEqual([413, expect.stringContaining('larger than 1000')]);
  expect(await readdir(index.folder)).toEqual([]);
});

test('an upload that breaks off, or is no form, leaves nothing', async () => {
  const index = await runningIndex();
  const sent = request({
    port: index.port,
    path: '/legacy/',
    method: 'POST',
    headers: { ...basic(index.token), 'content-type': 'multipart/form-data; boundary=x', 'content-length': 10_000 },
  });
  sent.on('error', () => {});
  sent.write(
    `--x\r\nContent-Disposition: form-data; name=":action"\r\n\r\nfile_upload\r\n--x\r\nContent-Disposition: form-data; name="content"; filename="${NAME}"\r\n\r\nPK`,
  );
  await new Promise((resolve) => setTimeout(resolve, 200));
  sent.destroy();
  await expect.poll(() => index.events.length).toBe(1);
  expect(await index.verbs.projects()).toEqual([]);
  for (const headers of [
    {},
    { 'content-type': 'application/json' },
    { 'content-type': 'multipart/form-data' },
    { 'content-type': 'multipart/form-data; boundary=x' },
  ]) {
    expect(
      (await index.ask('/legacy/', { method: 'POST', body: 'nonsense', headers: headers as Record<string, string> })).status,
    ).toBe(400);
  }
});
