import { createHash } from 'node:crypto';
import { request } from 'node:http';
import { expect, test } from 'vitest';
import { basic, runningIndex } from './support/running-index.js';
import { tinyWheel } from './support/tiny-wheel.js';

const JSON_FORM = { accept: 'application/vnd.pypi.simple.v1+json' };
const WHEEL = { name: 'fiftyone', version: '1.0', requiresPython: '>=3.9,<4' };
const PATH = '/packages/fiftyone-1.0-py3-none-any.whl';
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

test('a page has the files with hashes, sizes, times, Python versions and metadata, in both forms', async () => {
  const index = await runningIndex();
  await index.upload(WHEEL);
  const { bytes } = await tinyWheel(WHEEL);
  const html = await (await index.ask('/fiftyone/')).text();
  expect(html).toContain(`href="${PATH}#sha256=${sha256(bytes)}"`);
  expect(html).toContain('data-requires-python="&gt;=3.9,&lt;4"');
  const page = (await (await index.ask('/simple/fiftyone/', { headers: JSON_FORM })).json()) as {
    files: { 'upload-time': string }[];
  };
  const metadata = await (await index.ask(`${PATH}.metadata`)).text();
  const hash = { sha256: sha256(Buffer.from(metadata)) };
  expect(page).toEqual({
    meta: { 'api-version': '1.1' },
    name: 'fiftyone',
    versions: ['1.0'],
    files: [
      {
        ...{ filename: 'fiftyone-1.0-py3-none-any.whl', url: PATH, hashes: { sha256: sha256(bytes) }, size: bytes.length },
        ...{ 'requires-python': '>=3.9,<4', 'core-metadata': hash, 'dist-info-metadata': hash },
        'upload-time': expect.stringMatching(/^\d{4}-.*Z$/),
      },
    ],
  });
  expect(Math.abs(Date.parse(page.files[0]?.['upload-time'] as string) - Date.now())).toBeLessThan(60_000);
  expect(metadata).toMatch(/^Metadata-Version: 2.1\nName: fiftyone\n/);
});

test('versions are in their own order, and names of projects in any spelling lead to the page', async () => {
  const index = await runningIndex();
  for (const version of ['1.10', '1.9', '1.9rc1']) await index.upload({ name: 'fiftyone-migrator', version });
  const page = (await (await index.ask('/fiftyone-migrator/', { headers: JSON_FORM })).json()) as { versions: string[] };
  expect(page.versions).toEqual(['1.9rc1', '1.9', '1.10']);
  for (const [path, target] of [
    ['/FiftyOne_Migrator/', '/fiftyone-migrator/'],
    ['/simple/fiftyone.migrator', '/simple/fiftyone-migrator/'],
  ] as const) {
    const answer = await index.ask(path);
    expect([answer.status, answer.headers.get('location')]).toEqual([301, target]);
  }
  expect(await (await index.ask('/simple/')).text()).toContain('<a href="/simple/fiftyone-migrator/">fiftyone-migrator</a>');
});

test('a page that did not change is not sent again', async () => {
  const index = await runningIndex();
  await index.upload(WHEEL);
  const first = await index.ask('/fiftyone/');
  const etag = first.headers.get('etag') as string;
  expect([first.headers.get('cache-control'), first.headers.get('vary')]).toEqual(['private, no-cache', 'Accept, Authorization']);
  expect((await index.ask('/fiftyone/', { headers: { 'if-none-match': `"other", W/${etag}` } })).status).toBe(304);
  expect((await index.ask('/fiftyone/', { headers: { ...JSON_FORM, 'if-none-match': etag } })).status).toBe(200);
  await index.upload({ ...WHEEL, version: '1.1' });
  expect((await index.ask('/fiftyone/', { headers: { 'if-none-match': etag } })).status).toBe(200);
});

test('files come whole, in part, or not at all if they are known', async () => {
  const index = await runningIndex();
  await index.upload(WHEEL);
  const { bytes } = await tinyWheel(WHEEL);
  const whole = await index.ask(PATH);
  const etag = whole.headers.get('etag') as string;
  expect(Buffer.from(await whole.arrayBuffer())).toEqual(bytes);
  expect(whole.headers.get('cache-control')).toContain('immutable');
  const part = await index.ask(PATH, { headers: { range: 'bytes=-5' } });
  expect([part.status, part.headers.get('content-range')]).toEqual([
    206,
    `bytes ${bytes.length - 5}-${bytes.length - 1}/${bytes.length}`,
  ]);
  expect(Buffer.from(await part.arrayBuffer())).toEqual(bytes.subarray(-5));
  expect((await index.ask(PATH, { headers: { range: 'bytes=0-1', 'if-range': '"other"' } })).status).toBe(200);
  expect((await index.ask(PATH, { headers: { range: `bytes=${bytes.length}-` } })).status).toBe(416);
  expect((await index.ask(PATH, { headers: { 'if-none-match': etag } })).status).toBe(304);
});

test('HEAD tells the same headers as GET, without a body', async () => {
  const index = await runningIndex();
  await index.upload(WHEEL);
  for (const path of ['/fiftyone/', PATH, `${PATH}.metadata`]) {
    const [head, got] = [await index.ask(path, { method: 'HEAD' }), await index.ask(path)];
    const size = String((await got.arrayBuffer()).byteLength);
    expect([head.status, head.headers.get('content-length'), got.headers.get('content-length')]).toEqual([200, size, size]);
    expect(head.headers.get('etag')).toBe(got.headers.get('etag'));
    expect((await head.arrayBuffer()).byteLength).toBe(0);
  }
});

test('a yanked version says so with the reason, which cannot break out of the page', async () => {
  const index = await runningIndex();
  await index.upload(WHEEL);
  const reason = `"><script>alert('x')</script>`;
  expect(await index.verbs.yank('fiftyone', '1.0', reason, 'an admin')).toEqual(['fiftyone-1.0-py3-none-any.whl']);
  const html = await (await index.ask('/fiftyone/')).text();
  expect(html).toContain('data-yanked="&quot;&gt;&lt;script&gt;');
  expect(html).not.toContain('<script');
  const page = (await (await index.ask('/fiftyone/', { headers: JSON_FORM })).json()) as { files: { yanked: string }[] };
  expect(page.files[0]?.yanked).toBe(reason);
  await index.verbs.unyank('fiftyone', '1.0', 'an admin');
  expect(await (await index.ask('/fiftyone/')).text()).not.toContain('yanked');
});

test('another process sees what this one did within about a second', async () => {
  const index = await runningIndex();
  const other = await index.second();
  await index.upload(WHEEL);
  const versions = async () =>
    ((await (await other.ask('/fiftyone/', { headers: JSON_FORM })).json()) as { versions: string[] }).versions;
  await expect.poll(versions, { timeout: 5000 }).toEqual(['1.0']);
  await index.upload({ ...WHEEL, version: '1.1' });
  await expect.poll(versions, { timeout: 5000 }).toEqual(['1.0', '1.1']);
  await index.verbs.delete('fiftyone-1.0-py3-none-any.whl', 'an admin');
  await expect.poll(versions, { timeout: 5000 }).toEqual(['1.1']);
});

test.each([
  '/packages/..%2f..%2fetc%2fpasswd',
  '/packages/%2e%2e/%2e%2e/etc/passwd',
  '/packages/..%5c..%5cwindows',
  '/packages/%00',
  '/packages/.metadata',
  '/packages/%ff',
  '/upstream/..%2f..%2f/x.whl',
  '/upstream/a/..%2f..%2fx.whl',
  '/simple/..%2f/',
  '/simple/a%0d%0aSet-Cookie:%20x=1/',
  '/npm/..%2f..%2fx',
  '/npm/fiftyone/-/..%2f..%2fx.tgz',
  '/npm/__proto__',
  '/npm/fiftyone/-/fiftyone-__proto__.tgz',
])('%s leads to nothing', async (path) => {
  const index = await runningIndex();
  // fetch would tidy the path
  const answer = await new Promise<{ status: number; headers: object }>((resolve, reject) => {
    const sent = request({ port: index.port, path, headers: basic(index.token) }, (got) => {
      got.resume();
      resolve({ status: got.statusCode as number, headers: got.headers });
    });
    sent.once('error', reject).end();
  });
  expect([403, 404]).toContain(answer.status);
  expect(answer.headers).not.toHaveProperty('set-cookie');
});

test('below a base path everything is below it', async () => {
  const index = await runningIndex({ settings: { base: '/pypi' } });
  const { bytes, fileName } = await tinyWheel(WHEEL);
  const form = new FormData();
  form.set(':action', 'file_upload');
  form.set('content', new Blob([bytes]), fileName);
  expect((await index.ask('/pypi/legacy/', { method: 'POST', body: form })).status).toBe(200);
  expect(await (await index.ask('/pypi/fiftyone/')).text()).toContain(`href="/pypi${PATH}#`);
  expect((await index.ask(`/pypi${PATH}`)).status).toBe(200);
  expect((await index.ask('/pypi/simple/FiftyOne')).headers.get('location')).toBe('/pypi/simple/fiftyone/');
  expect(await (await index.ask('/pypi/')).text()).toContain('href="/pypi/simple/fiftyone/"');
  expect((await index.ask('/fiftyone/')).status).toBe(404);
});
