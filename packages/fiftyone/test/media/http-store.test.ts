import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { expect, onTestFinished, test } from 'vitest';
import { objectSource } from '../../src/media/source.js';
import type { StoredObject } from '../../src/media/store.js';
import { mediaOf } from '../support/media-worlds.js';

const CONTENT = Buffer.from('the content of a file');

/** What is at an address of a server, and its content. */
async function read(listener: RequestListener, path: string): Promise<{ object: StoredObject | undefined; content: string }> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  const { store, key } = await mediaOf({})(address);
  const object = await store.stat(key);
  return { object, content: object === undefined ? '' : `${await objectSource(store, object).read(0, object.size)}` };
}

/** Answers with a part of the content, if one is asked for. */
const partly: RequestListener = ({ headers }, answer) => {
  const [, start, end] = /bytes=(\d+)-(\d*)/.exec(headers.range ?? '') ?? [];
  if (start === undefined) return void answer.writeHead(200, { 'content-length': CONTENT.length }).end(CONTENT);
  const part = CONTENT.subarray(Number(start), end === '' ? CONTENT.length : Number(end) + 1);
  const range = `bytes ${start}-${Number(start) + part.length - 1}/${CONTENT.length}`;
  answer.writeHead(206, { 'content-range': range, 'content-length': part.length }).end(part);
};

test('a signed address, which is for GET only, can be read', async () => {
  const signed: RequestListener = (request, answer) =>
    request.method === 'GET' && request.url === '/a.png?signature=a/b%20c'
      ? partly(request, answer)
      : answer.writeHead(403).end();
  const { object, content } = await read(signed, '/a.png?signature=a/b%20c');
  expect(object?.size).toBe(CONTENT.length);
  expect(content).toBe(`${CONTENT}`);
});

test('what a server does not know is missing, whichever way it is asked', async () => {
  expect((await read((_, answer) => answer.writeHead(404).end(), '/a.png')).object).toBeUndefined();
  const only: RequestListener = ({ method }, answer) => answer.writeHead(method === 'HEAD' ? 405 : 404).end();
  expect((await read(only, '/a.png')).object).toBeUndefined();
});

test('a server that packs what it sends is asked not to', async () => {
  const packing: RequestListener = (request, answer) => {
    if (!String(request.headers['accept-encoding']).includes('gzip')) return partly(request, answer);
    const packed = gzipSync(CONTENT);
    answer.writeHead(200, { 'content-encoding': 'gzip', 'content-length': packed.length }).end(packed);
  };
  expect((await read(packing, '/a.txt')).content).toBe(`${CONTENT}`);
});

test('a file whose size is not told is not taken for an empty one', async () => {
  const mute: RequestListener = (_, answer) => {
    answer.writeHead(200, { 'transfer-encoding': 'chunked' });
    answer.end(CONTENT);
  };
  await expect(read(mute, '/a.png?secret')).rejects.toThrow('/a.png: refused: the server does not say how large it is');
});
