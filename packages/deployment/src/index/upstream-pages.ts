import { promisify } from 'node:util';
import { gunzip, gzip } from 'node:zlib';
import { Binary, type Collection, type Db } from 'mongodb';
import type { Logger } from 'pino';
import { boundedCache } from './bounded-cache.js';
import { guardedFetch, mayFetch } from './guarded-fetch.js';
import type { UpstreamSettings } from './index-settings.js';
import { type Page, projectPage } from './project-page.js';
import { Refusal } from './refusal.js';
import { linksOfHtml, linksOfJson, type UpstreamFile } from './upstream-links.js';

/** The page of a project of another index. */
export interface UpstreamPage {
  readonly page: Page;
  readonly files: ReadonlyMap<string, UpstreamFile>;
}

/** The pages of another index, each kept for a while, and for as long as the other index does not answer. */
export interface UpstreamPages {
  /** Undefined if it has no such project. @throws Refusal 502 if it does not answer and the page was never seen */
  get(project: string): Promise<UpstreamPage | undefined>;
}

interface KeptPage {
  readonly _id: string;
  readonly fetched: Date;
  readonly etag?: string;
  /** Gzipped JSON; not there if there is no such project. */
  readonly files?: Binary;
}

interface Known {
  readonly fetched: number;
  readonly etag: string | undefined;
  readonly page: UpstreamPage | undefined;
}

const IN_MEMORY = 128 * 2 ** 20;
const LARGEST_KEPT = 15 * 2 ** 20;

/** After it did not answer, the other index is left alone for this long. */
const PAUSE_MS = 15_000;

const ACCEPT = 'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.5, text/html;q=0.1';

/** @param hrefOf where our own page says that a file is */
export function upstreamPages(
  db: Db,
  upstream: UpstreamSettings,
  log: Logger,
  hrefOf: (project: string, file: string) => string,
): UpstreamPages {
  const kept: Collection<KeptPage> = db.collection('index_upstream_pages');
  const memory = boundedCache<Known>(IN_MEMORY);
  const asking = new Map<string, Promise<Known>>();
  let silentUntil = 0;

  const remember = (project: string, known: Known): Known => {
    const { html, json } = known.page?.page ?? {};
    memory.set(project, known, 500 + (html?.body.length ?? 0) + 3 * (json?.body.length ?? 0));
    return known;
  };

  const pageOf = (project: string, files: readonly UpstreamFile[]): UpstreamPage => {
    const listed = files.map(({ url: _, ...file }) => ({ ...file, href: hrefOf(project, file.name) }));
    return { page: projectPage(project, listed), files: new Map(files.map((file) => [file.name, file])) };
  };

  const fromDatabase = async (project: string): Promise<Known | undefined> => {
    const found = await kept.findOne({ _id: project });
    if (found === null) return undefined;
    const files: UpstreamFile[] | undefined =
      found.files && JSON.parse((await promisify(gunzip)(found.files.buffer)).toString('utf8'));
    const page = files && pageOf(project, files);
    return remember(project, { fetched: found.fetched.getTime(), etag: found.etag, page });
  };

  const keep = async (project: string, etag: string | undefined, files: readonly UpstreamFile[] | undefined): Promise<Known> => {
    const fetched = new Date();
    const packed = files && (await promisify(gzip)(JSON.stringify(files)));
    if (packed === undefined || packed.length < LARGEST_KEPT) {
      const record = { fetched, ...(etag === undefined ? {} : { etag }), ...(packed ? { files: new Binary(packed) } : {}) };
      await kept.replaceOne({ _id: project }, record, { upsert: true });
    }
    return remember(project, { fetched: fetched.getTime(), etag, page: files && pageOf(project, files) });
  };

  const ask = async (project: string, known: Known | undefined): Promise<Known> => {
    const headers = { accept: ACCEPT, ...(known?.etag && known.page ? { 'if-none-match': known.etag } : {}) };
    const from = new URL(`${project}/`, upstream.url);
    from.username = from.password = '';
    const answer = await guardedFetch(upstream, from, { headers, largest: upstream.largestPage });
    const { status } = answer;
    if (status === 304 && known) {
      await answer.drop();
      await kept.updateOne({ _id: project }, { $set: { fetched: new Date() } });
      return remember(project, { ...known, fetched: Date.now() });
    }
    if (status === 404 || status === 410) {
      await answer.drop();
      return await keep(project, undefined, undefined);
    }
    if (status !== 200) {
      await answer.drop();
      throw new Refusal(502, `The upstream index answered with ${status}`);
    }
    const text = await textOf(answer.body);
    const found = links(text, answer.headers.get('content-type') ?? '', from);
    const files = found.filter(({ url }) => mayFetch(upstream, new URL(url)));
    if (files.length < found.length) {
      log.warn({ project, left: found.length - files.length }, 'files on hosts that are not allowed were left out');
    }
    return await keep(project, answer.headers.get('etag') ?? undefined, files);
  };

  return {
    async get(project) {
      const known = memory.get(project) ?? (await fromDatabase(project));
      if (known !== undefined && Date.now() - known.fetched < upstream.pageAgeSeconds * 1000) return known.page;
      if (known !== undefined && Date.now() < silentUntil) return known.page;
      let answer = asking.get(project);
      if (answer === undefined) {
        answer = ask(project, known).finally(() => asking.delete(project));
        asking.set(project, answer);
      }
      try {
        return (await answer).page;
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        log.warn({ project, message: error.message, stale: known !== undefined }, 'upstream trouble');
        silentUntil = Date.now() + PAUSE_MS;
        if (known === undefined) throw error;
        return known.page;
      }
    },
  };
}

function links(text: string, type: string, page: URL): UpstreamFile[] {
  try {
    return /json/i.test(type) ? linksOfJson(text, page) : linksOfHtml(text, page);
  } catch {
    throw new Refusal(502, 'The upstream index sent a page that cannot be read');
  }
}

async function textOf(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString('utf8');
}
