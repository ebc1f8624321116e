import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { tell } from './answer.js';
import type { AppContext } from './app-env.js';
import { type ByteRange, byteRange } from './byte-range.js';
import { hasIt } from './serve-page.js';

/** Bytes that never change. */
export interface Content {
  readonly size: number;
  /** A hash, in hex. */
  readonly hash: string;
  readonly type: string;
  read(range: ByteRange): AsyncIterable<Uint8Array>;
}

/** Answers with a file or a part of it. What breaks off on the way is cut off, so that the client does not take it for whole. */
export async function serveContent(c: AppContext, content: Content): Promise<Response> {
  const { size, hash, type } = content;
  const etag = `"${hash}"`;
  const headers: Record<string, string | number> = {
    ETag: etag,
    'Accept-Ranges': 'bytes',
    'Cache-Control': 'private, max-age=31536000, immutable',
    Vary: 'Authorization',
    'X-Content-Type-Options': 'nosniff',
    'Content-Security-Policy': "default-src 'none'",
  };
  if (hasIt(c.req.header('if-none-match'), etag)) return c.body(null, 304, stringsOf(headers));
  const condition = c.req.header('if-range');
  const isWhole = condition !== undefined && condition !== etag;
  const asked = isWhole ? undefined : byteRange(c.req.header('range'), size);
  if (asked === 'unsatisfiable') {
    c.header('Content-Range', `bytes */${size}`);
    return tell(c, 416, `The file has ${size} bytes`);
  }
  const range = asked ?? { start: 0, end: size };
  headers['Content-Type'] = type;
  headers['Content-Length'] = range.end - range.start;
  if (asked) headers['Content-Range'] = `bytes ${asked.start}-${asked.end - 1}/${size}`;
  const status = asked ? 206 : 200;
  if (c.req.method === 'HEAD') return c.body(null, status, stringsOf(headers));

  // the first bytes before the status: a file that cannot be read at all is still told as an error
  const bytes = content.read(range)[Symbol.asyncIterator]();
  const first = await bytes.next();
  const { outgoing } = c.env;
  outgoing.writeHead(status, headers);
  async function* all() {
    if (!first.done) yield first.value;
    yield* { [Symbol.asyncIterator]: () => bytes };
  }
  await pipeline(Readable.from(all(), { objectMode: false }), outgoing as NodeJS.WritableStream).catch(() => outgoing.destroy());
  return RESPONSE_ALREADY_SENT;
}

function stringsOf(headers: Record<string, string | number>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([key, value]) => [key, String(value)]));
}
