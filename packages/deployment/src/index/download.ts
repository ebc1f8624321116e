import { createHash, type Hash } from 'node:crypto';
import { EventEmitter, once } from 'node:events';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ByteRange } from './byte-range.js';
import type { FetchedAnswer } from './guarded-fetch.js';
import { Refusal } from './refusal.js';

/** A file that is on its way: it can be read while it comes. */
export interface Download {
  readonly size: number;
  /**
   * Waits for what is not there yet. The last byte is given out only when the hash of all is right, so that nobody gets a
   * whole file that is wrong.
   */
  read(range: ByteRange): AsyncIterable<Uint8Array>;
  /** Whether it has ended, so that nothing can be read from it any more. */
  readonly isOver: () => boolean;
  /** When all is there and right, and `use` has ended. @throws Refusal 502 */
  readonly finished: Promise<void>;
}

export interface DownloadOptions {
  /** What it must be, by algorithm; may be empty. */
  readonly hashes: Readonly<Record<string, string>>;
  /** What to do with the file once it is whole. It is deleted afterwards. */
  readonly use: (path: string) => Promise<void>;
}

/** The strongest first. */
const ALGORITHMS = ['sha512', 'sha384', 'sha256', 'sha1', 'md5'];

const CHUNK = 2 ** 18;

/** Takes an answer into a file. */
export async function download(answer: FetchedAnswer, { hashes, use }: DownloadOptions): Promise<Download> {
  const folder = await mkdtemp(join(tmpdir(), 'fiftyone-download-'));
  const path = join(folder, 'file');
  const file = await open(path, 'wx+');
  const news = new EventEmitter().setMaxListeners(0);
  let written = 0;
  let isWhole = false;
  let trouble: unknown;
  let readers = 0;
  let isOver = false;
  let isClosed = false;

  const algorithm = ALGORITHMS.find((known) => hashes[known] !== undefined);
  const hash: Hash | undefined = algorithm === undefined ? undefined : createHash(algorithm);
  const stated = lengthOf(answer);

  const closeIfUnused = async () => {
    if (!isOver || readers > 0 || isClosed) return;
    isClosed = true;
    await file.close();
    await rm(folder, { recursive: true, force: true });
  };

  const receive = async () => {
    try {
      for await (const chunk of answer.body) {
        await file.write(chunk, 0, chunk.length, written);
        hash?.update(chunk);
        written += chunk.length;
        news.emit('news');
      }
      if (stated !== undefined && written !== stated) throw new Refusal(502, 'The upstream index broke off in a file');
      if (algorithm && hash?.digest('hex') !== hashes[algorithm]?.toLowerCase()) {
        throw new Refusal(502, `The upstream index sent a file with another ${algorithm} than it says`);
      }
      isWhole = true;
      news.emit('news');
      await use(path);
    } catch (error) {
      trouble = error;
      news.emit('news');
      throw error;
    } finally {
      isOver = true;
      await closeIfUnused();
    }
  };

  async function* read({ start, end }: ByteRange): AsyncGenerator<Uint8Array> {
    readers++;
    try {
      let at = start;
      while (at < end) {
        const given = isWhole ? written : written - 1;
        if (at < given) {
          const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(CHUNK), 0, Math.min(CHUNK, given - at, end - at), at);
          at += bytesRead;
          yield buffer.subarray(0, bytesRead);
        } else if (trouble !== undefined && !isWhole) {
          throw trouble;
        } else {
          await once(news, 'news');
        }
      }
    } finally {
      readers--;
      await closeIfUnused();
    }
  }

  const finished = receive();
  // whoever needs it waits for it
  finished.catch(() => {});
  if (stated === undefined) await finished;
  return { size: stated ?? written, read, isOver: () => isOver, finished };
}

/** The length that was stated, if it is that of the file itself. */
function lengthOf({ headers }: FetchedAnswer): number | undefined {
  const length = headers.get('content-length');
  return length === null || headers.get('content-encoding') ? undefined : Number(length);
}
