import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { Binary, type Collection, type Db } from 'mongodb';
import type { Logger } from 'pino';
import { boundedCache } from './bounded-cache.js';
import { guardedFetch } from './guarded-fetch.js';
import type { UpstreamSettings } from './index-settings.js';
import { Refusal } from './refusal.js';

/** What another index says of its projects: each page is kept for a while, and for as long as the other does not answer. */
export interface UpstreamPages<Made> {
  /** Undefined if it has no such project. @throws Refusal 502 if it does not answer and the page was never seen */
  get(project: string): Promise<Made | undefined>;
}

/** A kind of page. */
export interface PageKind<Facts, Made> {
  /** Where they are kept. */
  readonly collection: string;
  readonly accept: string;
  /** Of a project, below the address of the index. */
  readonly path: (project: string) => string;
  /** What is kept of a page, as JSON. Throws anything if it cannot be read. */
  readonly read: (text: string, contentType: string, address: URL) => Facts;
  /** What is made of it, with about how many bytes it takes. */
  readonly make: (project: string, facts: Facts) => { readonly made: Made; readonly size: number };
}

interface KeptPage {
  readonly _id: string;
  readonly fetched: Date;
  readonly etag?: string;
  /** When this is forgotten: names that do not exist are without number. */
  readonly expires?: Date;
  /** Gzipped JSON; not there if there is no such project. */
  readonly facts?: Binary;
}

interface Known<Made> {
  readonly fetched: number;
  readonly etag: string | undefined;
  readonly made: Made | undefined;
}

const MISSING_KEPT_MS = 24 * 3600 * 1000;
const IN_MEMORY = 128 * 2 ** 20;
const LARGEST_KEPT = 15 * 2 ** 20;

/** After it did not answer, the other index is left alone for this long, as far as we can do without. */
const PAUSE_MS = 15_000;

export async function upstreamPages<Facts, Made>(
  db: Db,
  upstream: UpstreamSettings,
  log: Logger,
  { collection, accept, path, read, make }: PageKind<Facts, Made>,
): Promise<UpstreamPages<Made>> {
  const kept: Collection<KeptPage> = db.collection(collection);
  await kept.createIndex({ expires: 1 }, { expireAfterSeconds: 0 });
  const memory = boundedCache<Known<Made>>(IN_MEMORY);
  const asking = new Map<string, Promise<Known<Made>>>();
  let silentUntil = 0;

  const remember = (project: string, fetched: number, etag: string | undefined, facts: Facts | undefined): Known<Made> => {
    const { made, size = 0 } = facts === undefined ? {} : make(project, facts);
    const known = { fetched, etag, made };
    memory.set(project, known, size + 500);
    return known;
  };

  const fromDatabase = async (project: string): Promise<Known<Made> | undefined> => {
    const found = await kept.findOne({ _id: project });
    if (found === null) return undefined;
    const facts: Facts | undefined = found.facts && JSON.parse((await promisify(gunzip)(found.facts.buffer)).toString('utf8'));
    return remember(project, found.fetched.getTime(), found.etag, facts);
  };

  const keep = async (project: string, etag: string | undefined, facts: Facts | undefined): Promise<Known<Made>> => {
    const fetched = new Date();
    const packed = facts && (await promisify(gzip)(JSON.stringify(facts)));
    if (packed === undefined || packed.length < LARGEST_KEPT) {
      const record = {
        fetched,
        ...(etag === undefined ? {} : { etag }),
        ...(packed ? { facts: new Binary(packed) } : { expires: new Date(fetched.getTime() + MISSING_KEPT_MS) }),
      };
      await kept.replaceOne({ _id: project }, record, { upsert: true });
    }
    return remember(project, fetched.getTime(), etag, facts);
  };

  const ask = async (project: string, known: Known<Made> | undefined): Promise<Known<Made>> => {
    const headers = { accept, ...(known?.etag && known.made ? { 'if-none-match': known.etag } : {}) };
    const address = new URL(path(project), upstream.url);
    address.username = address.password = '';
    const answer = await guardedFetch(upstream, address, { headers, largest: upstream.largestPage });
    const { status } = answer;
    if (status === 200) {
      const text = await textOf(answer.body);
      const facts = readable(() => read(text, answer.headers.get('content-type') ?? '', address));
      return await keep(project, answer.headers.get('etag') ?? undefined, facts);
    }
    await answer.drop();
    if (status === 404 || status === 410) return await keep(project, undefined, undefined);
    if (status !== 304 || known === undefined) throw new Refusal(502, `The upstream index answered with ${status}`);
    const fetched = new Date();
    await kept.updateOne({ _id: project }, { $set: { fetched } });
    const again = { ...known, fetched: fetched.getTime() };
    memory.replace(project, again);
    return again;
  };

  return {
    async get(project) {
      const known = memory.get(project) ?? (await fromDatabase(project));
      if (known !== undefined && Date.now() - known.fetched < upstream.pageAgeSeconds * 1000) return known.made;
      if (known !== undefined && Date.now() < silentUntil) return known.made;
      let answer = asking.get(project);
      if (answer === undefined) {
        answer = ask(project, known).finally(() => asking.delete(project));
        asking.set(project, answer);
      }
      try {
        return (await answer).made;
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        log.warn({ project, message: error.message, stale: known !== undefined }, 'upstream trouble');
        silentUntil = Date.now() + PAUSE_MS;
        if (known === undefined) throw error;
        return known.made;
      }
    },
  };
}

function readable<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal(502, 'The upstream index sent a page that cannot be read');
  }
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
