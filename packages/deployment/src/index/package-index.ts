import { Hono } from 'hono';
import type { Db } from 'mongodb';
import type { Logger } from 'pino';
import { tell } from './answer.js';
import type { AppContext, AppEnv } from './app-env.js';
import type { Audit } from './audit.js';
import { authorise, type Door, withRight } from './authorise.js';
import { badAttempts } from './bad-attempts.js';
import { openCatalogue } from './catalogue.js';
import type { FileStore } from './file-store.js';
import { type IndexSettings, modeOf } from './index-settings.js';
import { type IndexVerbs, indexVerbs } from './index-verbs.js';
import { openNpmCatalogue } from './npm-catalogue.js';
import { npmRoutes } from './npm-routes.js';
import { ownPages } from './own-pages.js';
import { normaliseName } from './project-name.js';
import { rootPage } from './project-page.js';
import { Refusal } from './refusal.js';
import { serveContent } from './serve-content.js';
import { servePage } from './serve-page.js';
import { serveUpload } from './serve-upload.js';
import { TOKEN_FORM } from './token-store.js';
import type { Tokens } from './tokens.js';
import { upstreamFiles } from './upstream-files.js';
import { upstreamPackages } from './upstream-packages.js';
import { upstreamPages } from './upstream-pages.js';
import { upstreamProjects } from './upstream-projects.js';

const LARGEST_METADATA = 16 * 2 ** 20;

/** What the index is built on. */
export interface IndexPorts {
  readonly db: Db;
  readonly files: FileStore;
  readonly tokens: Tokens;
  readonly audit: Audit;
  readonly log: Logger;
  readonly settings: IndexSettings;
  /** Where a request comes from. Default: the other end of the connection */
  readonly addressOf?: (c: AppContext) => string;
}

/** The package index: what answers requests, and what admins can do with it. */
export interface PackageIndex {
  readonly app: Hono<AppEnv>;
  readonly verbs: IndexVerbs;
}

/** Opens the package index. Whoever serves it mounts the app last: the names of projects are paths of it. */
export async function openPackageIndex(ports: IndexPorts): Promise<PackageIndex> {
  const { db, files, tokens, audit, log, settings } = ports;
  const { addressOf = (c: AppContext) => c.env.incoming.socket.remoteAddress ?? '' } = ports;
  const { base } = settings;
  const catalogue = await openCatalogue(db, settings.ownNames);
  const npm = await openNpmCatalogue(db, files);
  const pages = ownPages(catalogue, base);
  const upstream = settings.upstream && {
    settings: settings.upstream,
    pages: upstreamPages(
      db,
      settings.upstream,
      log,
      upstreamProjects(settings.upstream, log, (name, file) => `${base}/upstream/${name}/${encodeURIComponent(file)}`),
    ),
    files: upstreamFiles(files, settings.upstream, log),
  };
  const door: Door = { tokens, audit, attempts: badAttempts(settings.badAttempts), addressOf };
  const app = new Hono<AppEnv>();
  // with a base path of Hono itself the root of the index would be without its slash
  const at = (path: string) => `${base}${path}`;

  app.use(at('/*'), async (c, next) => {
    const started = performance.now();
    c.set('isForNpm', c.req.path.startsWith(`${base}/npm/`));
    await next();
    const status = c.env.outgoing.headersSent ? c.env.outgoing.statusCode : c.res.status;
    const ms = Math.round(performance.now() - started);
    log.info({ method: c.req.method, path: shown(c.req.path), status, ms, by: c.get('holder')?.id }, 'request');
  });
  app.use(at('/*'), authorise(door));

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
    const by = c.get('holder').id;
    try {
      const { answer, name, isNew } = await serveUpload(c, catalogue, files, settings);
      if (isNew) await audit({ action: 'uploaded', by, address: addressOf(c), what: name });
      return answer;
    } catch (error) {
      if (error instanceof Refusal) await audit({ action: 'upload refused', by, address: addressOf(c), why: error.message });
      throw error;
    }
  };

  const canRead = withRight('read', door);
  const canUpload = withRight('upload', door);
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

  const { npmUpstream } = settings;
  const npmApp = npmRoutes({
    ...{ settings, files, canRead, canUpload },
    catalogue: npm,
    upstream: npmUpstream && {
      packages: upstreamPages(db, npmUpstream, log, upstreamPackages(npmUpstream)),
      files: upstreamFiles(files, npmUpstream, log),
    },
    published: (c, id) => audit({ action: 'uploaded', by: c.get('holder').id, address: addressOf(c), what: id }),
  });
  app.route(at('/npm'), npmApp);

  for (const path of ['/simple/:name/', '/simple/:name', '/:name/', '/:name']) app.get(at(path), canRead, project);

  app.notFound((c) => tell(c, 404, 'There is nothing here'));
  app.onError((error, c) => {
    if (error instanceof Refusal) return tell(c as AppContext, error.status, error.message);
    log.error({ error: error.name, message: error.message, path: shown(c.req.path) }, 'request failed');
    return tell(c as AppContext, 500, 'Something went wrong in the index: its log says what');
  });

  return { app, verbs: indexVerbs({ catalogue, npm, files, audit }) };
}

/** A path as it may be logged: people put tokens in the wrong places. */
function shown(path: string): string {
  return path.replaceAll(TOKEN_FORM, '***');
}

function withoutLogin(url: URL): string {
  url.username = url.password = '';
  return url.href;
}

export type { Audit, AuditEvent } from './audit.js';
export { type FileStore, openFileStore } from './file-store.js';
export { type IndexSettings, readIndexSettings } from './index-settings.js';
export type { IndexVerbs } from './index-verbs.js';
export { type InstallLines, installLines } from './install-lines.js';
export { type NewToken, type TokenInfo, type TokenStore, tokenStore } from './token-store.js';
export type { BadToken, Holder, Right, Tokens } from './tokens.js';
