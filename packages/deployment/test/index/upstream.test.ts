import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { type IndexSettings, readIndexSettings } from '../../src/index/index-settings.js';
import { basic, runningIndex } from './support/running-index.js';
import { tinyWheel } from './support/tiny-wheel.js';

/** Settings with an upstream at this address. */
function upstreamAt(address: string, env: Record<string, string> = {}): Partial<IndexSettings> {
  const { upstream } = readIndexSettings({ FIFTYONE_INDEX_UPSTREAM: address, FIFTYONE_INDEX_NPM_UPSTREAM: 'none', ...env });
  return { upstream };
}

/** A server that answers by these paths, and counts what it was asked. */
async function plainServer(
  paths: Record<string, { body?: string | Uint8Array; headers?: Record<string, string>; status?: number; hang?: boolean }>,
) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url as string);
    const { body, headers = {}, status = 200, hang } = paths[request.url as string] ?? { status: 404 };
    if (hang) return;
    response.writeHead(status, headers).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  onTestFinished(stop);
  return { asked, stop, host: `127.0.0.1:${(server.address() as AddressInfo).port}`, paths };
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

test('the projects of another index are given out under our own addresses, with its metadata, and kept', async () => {
  const other = await runningIndex({ settings: { ownNames: ['tiny-dep'] } });
  const { bytes } = await tinyWheel({ name: 'tiny-dep', version: '1.0', requiresPython: '>=3.8' });
  await other.upload({ name: 'tiny-dep', version: '1.0', requiresPython: '>=3.8' });
  const index = await runningIndex({ settings: upstreamAt(`${other.url.replace('//', `//${other.token}@`)}/simple`) });

  const answer = await index.ask('/simple/tiny-dep/', { headers: { accept: 'application/vnd.pypi.simple.v1+json' } });
  const [file] = ((await answer.json()) as { files: { url: string }[] }).files as [{ url: string }];
  expect(file).toMatchObject({
    url: '/upstream/tiny-dep/tiny_dep-1.0-py3-none-any.whl',
    hashes: { sha256: sha256(bytes) },
    'requires-python': '>=3.8',
    size: bytes.length,
  });
  expect(Buffer.from(await (await index.ask(file.url)).arrayBuffer())).toEqual(bytes);
  expect(await (await index.ask(`${file.url}.metadata`)).text()).toContain('Name: tiny-dep');
  expect((await index.ask('/simple/no-such-thing/')).status).toBe(404);

  const part = await index.ask(file.url, { headers: { range: 'bytes=10-19' } });
  expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 10-19/${bytes.length}`]);
  expect(Buffer.from(await part.arrayBuffer())).toEqual(bytes.subarray(10, 20));
});

test('while the other index is down, what was seen is still there, and anything else is said to be out of reach', async () => {
  const page = '<a href="f/dep-1.0-py3-none-any.whl">dep-1.0-py3-none-any.whl</a>';
  const server = await plainServer({
    '/dep/': { body: page, headers: { 'content-type': 'text/html' } },
    '/dep/f/dep-1.0-py3-none-any.whl': { body: 'whole' },
  });
  const settings = upstreamAt(`http://${server.host}/`);
  const index = await runningIndex({
    settings: { ...settings, upstream: { ...(settings.upstream as object), pageAgeSeconds: 0 } as never },
  });
  expect((await index.ask('/dep/')).status).toBe(200);
  expect(await (await index.ask('/upstream/dep/dep-1.0-py3-none-any.whl')).text()).toBe('whole');
  server.stop();
  expect(await (await index.ask('/dep/')).text()).toContain('/upstream/dep/dep-1.0-py3-none-any.whl');
  expect(await (await index.ask('/upstream/dep/dep-1.0-py3-none-any.whl')).text()).toBe('whole');
  const other = await index.ask('/other/');
  expect([other.status, await other.text()]).toEqual([502, expect.stringContaining('The upstream index did not answer')]);
});

test('a name of ours is never asked for upstream, with or without files, and not under any spelling', async () => {
  const server = await plainServer({});
  const index = await runningIndex({ settings: upstreamAt(`http://${server.host}/`) });
  await index.upload({ name: 'fiftyone', version: '1.0' });
  for (const path of [
    '/fiftyone/',
    '/simple/fiftyone/',
    '/fiftyone-migrator/',
    '/simple/FiftyOne.Migrator/',
    '/simple/fiftyone_migrator',
    '/upstream/fiftyone-migrator/a.whl',
    '/upstream/FiftyOne/a.whl',
    '/packages/nothing.whl',
  ]) {
    await index.ask(path, { redirect: 'follow' });
  }
  expect(server.asked).toEqual([]);
  await index.ask('/other/');
  expect(server.asked).toEqual(['/other/']);
});

test('a name that becomes ours is no longer fetched from upstream, nor from what was kept of it', async () => {
  const server = await plainServer({
    '/dep/': { body: '<a href="x.whl">x.whl</a>', headers: { 'content-type': 'text/html' } },
    '/dep/x.whl': { body: 'x' },
  });
  const index = await runningIndex({ settings: upstreamAt(`http://${server.host}/`) });
  expect((await index.ask('/upstream/dep/x.whl')).status).toBe(200);
  await index.verbs.claim('Dep', 'an admin');
  expect((await index.ask('/upstream/dep/x.whl')).status).toBe(404);
  expect((await index.ask('/dep/')).status).toBe(404);
});

test('rules say which projects are fetched, which are pointed to, and which are refused', async () => {
  const server = await plainServer({ '/a-dep/': { body: '', headers: { 'content-type': 'text/html' } } });
  const env = { FIFTYONE_INDEX_RULES: 'torch*=redirect, a-*=proxy' };
  const index = await runningIndex({
    settings: upstreamAt(`http://user:secret@${server.host}/simple/`.replace('/simple', ''), env),
  });
  const redirected = await index.ask('/torchvision/');
  expect([redirected.status, redirected.headers.get('location')]).toEqual([302, `http://${server.host}/torchvision/`]);
  expect((await index.ask('/a-dep/')).status).toBe(200);
  expect((await index.ask('/evil/')).status).toBe(404);
  expect(server.asked).toEqual(['/a-dep/']);
});

test('nothing is fetched from a host that is not allowed: not a file, not by a redirect', async () => {
  const secret = await plainServer({ '/x.whl': { body: 'inside' }, '/dep/': { body: '<a href="/x.whl">x.whl</a>' } });
  const page = `<a href="http://${secret.host}/x.whl">x.whl</a><a href="file:///etc/passwd">passwd.whl</a><a href="r.whl">r.whl</a>`;
  const server = await plainServer({
    '/dep/': { body: page, headers: { 'content-type': 'text/html' } },
    '/dep/r.whl': { status: 302, headers: { location: `http://${secret.host}/x.whl` } },
    '/all-elsewhere/': { body: `<a href="http://${secret.host}/x.whl">x.whl</a>`, headers: { 'content-type': 'text/html' } },
    '/moved/': { status: 301, headers: { location: `http://${secret.host}/dep/` } },
  });
  const index = await runningIndex({ settings: upstreamAt(`http://${server.host}/`) });
  const listed = await (await index.ask('/dep/')).text();
  expect(listed).toContain('r.whl');
  expect(listed).not.toMatch(/x\.whl|passwd/);
  expect((await index.ask('/upstream/dep/x.whl')).status).toBe(404);
  expect((await index.ask('/upstream/dep/r.whl')).status).toBe(502);
  expect((await index.ask('/moved/')).status).toBe(502);
  const all = await index.ask('/all-elsewhere/');
  expect([all.status, await all.text()]).toEqual([
    502,
    expect.stringContaining(`files on ${secret.host}, which FIFTYONE_INDEX_FILE_HOSTS`),
  ]);
  expect(secret.asked).toEqual([]);

  const allowing = await runningIndex({
    settings: upstreamAt(`http://${server.host}/`, { FIFTYONE_INDEX_FILE_HOSTS: secret.host }),
  });
  expect(await (await allowing.ask('/upstream/dep/x.whl')).text()).toBe('inside');
});

test('a file with another hash than its page says is never given out whole, and is not kept', async () => {
  const body = Buffer.alloc(300_000, 'x');
  const page = `<a href="x.whl#sha256=${'0'.repeat(64)}">x.whl</a>`;
  const server = await plainServer({
    '/dep/': { body: page, headers: { 'content-type': 'text/html' } },
    '/dep/x.whl': { body, headers: { 'content-length': '300000' } },
  });
  const index = await runningIndex({ settings: upstreamAt(`http://${server.host}/`) });
  for (let i = 0; i < 2; i++) {
    const answer = await index.ask('/upstream/dep/x.whl');
    let got = 0;
    const readAll = async () => {
      for await (const chunk of answer.body ?? []) got += chunk.length;
    };
    await expect(readAll()).rejects.toThrow();
    expect(got).toBeLessThan(body.length);
  }
  expect(server.asked.filter((path) => path === '/dep/x.whl')).toHaveLength(2);
});

test('the login of the other index goes to it, and to no other host', async () => {
  const headers: (string | undefined)[] = [];
  const files = createServer((request, response) => {
    headers.push(request.headers.authorization);
    response.end('bytes');
  });
  await new Promise<void>((resolve) => files.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void files.close());
  const host = `127.0.0.1:${(files.address() as AddressInfo).port}`;
  const index = createServer((request, response) => {
    headers.push(request.headers.authorization);
    response.setHeader('content-type', 'text/html');
    response.end(`<a href="http://${host}/x.whl">x.whl</a>`);
  });
  await new Promise<void>((resolve) => index.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void index.close());
  const address = `http://someone:secret@127.0.0.1:${(index.address() as AddressInfo).port}/`;
  const ours = await runningIndex({ settings: upstreamAt(address, { FIFTYONE_INDEX_FILE_HOSTS: host }) });
  expect(await (await ours.ask('/upstream/dep/x.whl')).text()).toBe('bytes');
  expect(headers).toEqual([basic('someone', 'secret').authorization, undefined]);
  expect(ours.lines.join('')).not.toContain('secret');
});

test('an index that hangs is given up', async () => {
  const server = await plainServer({ '/dep/': { hang: true } });
  const index = await runningIndex({ settings: upstreamAt(`http://${server.host}/`, { FIFTYONE_INDEX_TIMEOUT_SECONDS: '1' }) });
  const answer = await index.ask('/dep/');
  expect([answer.status, await answer.text()]).toEqual([502, expect.stringContaining('too slow')]);
});

test('many at once cause one fetch', async () => {
  const body = Buffer.alloc(2_000_000, 'y');
  const page = `<a href="y.whl#sha256=${sha256(body)}">y.whl</a>`;
  const server = await plainServer({
    '/dep/': { body: page, headers: { 'content-type': 'text/html' } },
    '/dep/y.whl': { body, headers: { 'content-length': String(body.length) } },
  });
  const index = await runningIndex({ settings: upstreamAt(`http://${server.host}/`) });
  const answers = await Promise.all(
    Array.from({ length: 12 }, async () => (await index.ask('/upstream/dep/y.whl')).arrayBuffer()),
  );
  for (const answer of answers) expect(sha256(new Uint8Array(answer))).toBe(sha256(body));
  expect(server.asked).toEqual(['/dep/', '/dep/y.whl']);
});
