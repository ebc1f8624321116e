import type { Hono, MiddlewareHandler } from 'hono';
import type { AppContext, AppEnv } from './app-env.js';
import type { Catalogue } from './catalogue.js';
import type { FileStore } from './file-store.js';
import { type IndexSettings, modeOf, type UpstreamSettings } from './index-settings.js';
import { ownPages } from './own-pages.js';
import { normaliseName } from './project-name.js';
import { rootPage } from './project-page.js';
import { Refusal } from './refusal.js';
import { serveContent } from './serve-content.js';
import { servePage } from './serve-page.js';
import { serveUpload } from './serve-upload.js';
import type { UpstreamFiles } from './upstream-files.js';
import type { UpstreamPages } from './upstream-pages.js';
import type { UpstreamProject } from './upstream-projects.js';

const LARGEST_METADATA = 16 * 2 ** 20;

export interface PipPorts {
  readonly settings: IndexSettings;
  readonly catalogue: Catalogue;
  readonly files: FileStore;
  readonly upstream:
    | { readonly settings: UpstreamSettings; readonly pages: UpstreamPages<UpstreamProject>; readonly files: UpstreamFiles }
    | undefined;
  readonly canRead: MiddlewareHandler<AppEnv>;
  readonly canUpload: MiddlewareHandler<AppEnv>;
  /** Told of every file that is new. */
  readonly uploaded: (c: AppContext, file: string) => Promise<void>;
  readonly uploadRefused: (c: AppContext, why: string) => Promise<void>;
}

/** Adds what pip, uv and twine need. The last of the routes takes every path of one part. @param at the path below the base */
export function addPipRoutes(app: Hono<AppEnv>, at: (path: string) => string, ports: PipPorts): void {
  const { settings, catalogue, files, upstream, canRead, canUpload, uploaded, uploadRefused } = ports;
  const { base } = settings;
  const pages = ownPages(catalogue, base);

  const project = async (c: AppContext): Promise<Response> => {
    const given = c.req.param('name') ?? '';
    const name = normaliseName(given);
    if (name === undefined) throw new Refusal(404, 'This is no name of a project');
    if (given !== name || !c.req.path.endsWith('/')) {
      return c.redirect(`${base}${c.req.path.startsWith(`${base}/simple/`) ? '/simple' : ''}/${name}/`, 301);
    }
    if (await catalogue.owns(name)) {
      const page = await pages(name);
      if (page === undefined) throw new Refusal(404, `${name} is a project of this index, and has no files yet`);
      return servePage(c, page);
    }
    const mode = upstream ? modeOf(upstream.settings.rules, name) : 'refuse';
    if (upstream === undefined || mode === 'refuse') throw new Refusal(404, `There is no project ${name} in this index`);
    if (mode === 'redirect') return c.redirect(withoutLogin(new URL(`${name}/`, upstream.settings.url)), 302);
    const found = await upstream.pages.get(name);
    if (found === undefined) throw new Refusal(404, `There is no project ${name}`);
    return servePage(c, found.page);
  };

  /** Nothing that has the name of one of ours comes from elsewhere, whatever was kept before it became ours. */
  const remoteFile = async (name: string, file: string) => {
    const isProxied = upstream && normaliseName(name) === name && modeOf(upstream.settings.rules, name) === 'proxy';
    if (!isProxied || (await catalogue.owns(name))) throw new Refusal(404, 'There is no such file');
    const isMetadata = file.endsWith('.metadata');
    const found = (await upstream.pages.get(name))?.files.get(isMetadata ? file.slice(0, -'.metadata'.length) : file);
    if (found === undefined || (isMetadata && found.metadata === undefined)) throw new Refusal(404, 'There is no such file');
    if (!isMetadata) return await upstream.files({ ...found, type: 'application/octet-stream' });
    const { url, metadata: hashes = {} } = found;
    const place = new URL(url);
    place.pathname += '.metadata';
    return await upstream.files({
      name: file,
      url: place.href,
      hashes,
      type: 'text/plain; charset=utf-8',
      largest: LARGEST_METADATA,
    });
  };

  const root = async (c: AppContext) => servePage(c, rootPage(await catalogue.projects(), base));

  const upload = async (c: AppContext): Promise<Response> => {
    try {
      const { answer, name, isNew } = await serveUpload(c, catalogue, files, settings);
      if (isNew) await uploaded(c, name);
      return answer;
    } catch (error) {
      if (error instanceof Refusal) await uploadRefused(c, error.message);
      throw error;
    }
  };

  for (const path of ['/', '/legacy/', '/simple/']) app.post(at(path), canUpload, upload);
  for (const path of ['/', '/simple/', '/simple']) app.get(at(path), canRead, root);

  app.get(at('/packages/:file{.+\\.metadata}'), canRead, async (c) => {
    const name = (c.req.param('file') ?? '').slice(0, -'.metadata'.length);
    const [record, bytes] = await Promise.all([catalogue.file(name), catalogue.metadata(name)]);
    if (record?.metadataSha256 === undefined || bytes === undefined) throw new Refusal(404, 'There is no such file');
    const read = async function* ({ start, end }: { start: number; end: number }) {
      yield bytes.subarray(start, end);
    };
    return await serveContent(c, { size: bytes.length, hash: record.metadataSha256, type: 'text/plain; charset=utf-8', read });
  });
  app.get(at('/packages/:file'), canRead, async (c) => {
    const record = await catalogue.file(c.req.param('file') ?? '');
    if (record === undefined) throw new Refusal(404, 'There is no such file');
    const { size, sha256: hash, key } = record;
    const read = (range: { start: number; end: number }) => files.store.read(key, range);
    return await serveContent(c, { size, hash, type: 'application/octet-stream', read });
  });

  app.get(at('/upstream/:name/:file'), canRead, async (c) =>
    serveContent(c, await remoteFile(c.req.param('name') ?? '', c.req.param('file') ?? '')),
  );

  for (const path of ['/simple/:name/', '/simple/:name', '/:name/', '/:name']) app.get(at(path), canRead, project);
}

function withoutLogin(url: URL): string {
  url.username = url.password = '';
  return url.href;
}
