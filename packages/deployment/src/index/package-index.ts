import { Hono } from 'hono';
import type { Db } from 'mongodb';
import type { Logger } from 'pino';
import { tell } from './answer.js';
import type { AppContext, AppEnv } from './app-env.js';
import type { Audit } from './audit.js';
import { authorise, type Door, withRight } from './authorise.js';
import { badAttempts } from './bad-attempts.js';
import { openCatalogue } from './catalogue.js';
import { tokenIn } from './credentials.js';
import type { FileStore } from './file-store.js';
import type { IndexSettings } from './index-settings.js';
import { type IndexVerbs, indexVerbs } from './index-verbs.js';
import { openNpmCatalogue } from './npm-catalogue.js';
import { npmRoutes } from './npm-routes.js';
import { addPipRoutes } from './pip-routes.js';
import { Refusal } from './refusal.js';
import { TOKEN_FORM } from './token-store.js';
import type { Tokens } from './tokens.js';
import { upstreamFiles } from './upstream-files.js';
import { upstreamPackages } from './upstream-packages.js';
import { upstreamPages } from './upstream-pages.js';
import { upstreamProjects } from './upstream-projects.js';

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
  const upstream = settings.upstream && {
    settings: settings.upstream,
    pages: await upstreamPages(
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
    log.info({ method: c.req.method, path: shown(c), status, ms, by: c.get('holder')?.id }, 'request');
  });
  app.use(at('/*'), authorise(door));

  const canRead = withRight('read', door);
  const canUpload = withRight('upload', door);
  const event = (c: AppContext) => ({ by: c.get('holder').id, address: addressOf(c) });
  const uploaded = (c: AppContext, what: string) => audit({ action: 'uploaded', ...event(c), what });
  const uploadRefused = (c: AppContext, why: string) => audit({ action: 'upload refused', ...event(c), why });

  const { npmUpstream } = settings;
  const npmApp = npmRoutes({
    ...{ settings, files, canRead, canUpload },
    catalogue: npm,
    upstream: npmUpstream && {
      packages: await upstreamPages(db, npmUpstream, log, upstreamPackages(npmUpstream)),
      files: upstreamFiles(files, npmUpstream, log),
    },
    published: uploaded,
  });
  app.route(at('/npm'), npmApp);

  addPipRoutes(app, at, { settings, catalogue, files, upstream, canRead, canUpload, uploaded, uploadRefused });

  app.notFound((c) => tell(c, 404, 'There is nothing here'));
  app.onError((error, c) => {
    if (error instanceof Refusal) return tell(c as AppContext, error.status, error.message);
    log.error({ error: error.name, message: error.message, path: shown(c as AppContext) }, 'request failed');
    return tell(c as AppContext, 500, 'Something went wrong in the index: its log says what');
  });

  return { app, verbs: indexVerbs({ catalogue, npm, files, audit }) };
}

/** The path as it may be logged: people put tokens in the wrong places, also such as only the token itself tells. */
function shown(c: AppContext): string | undefined {
  if (c.get('holder') === undefined) return undefined;
  const path = c.req.path.replaceAll(TOKEN_FORM, '***');
  const token = tokenIn(c.req.header('authorization'));
  return token === undefined ? path : path.replaceAll(token, '***');
}

export type { Audit, AuditEvent } from './audit.js';
export { type FileStore, openFileStore } from './file-store.js';
export { type IndexSettings, readIndexSettings } from './index-settings.js';
export type { IndexVerbs } from './index-verbs.js';
export { type InstallLines, installLines } from './install-lines.js';
export { type NewToken, type TokenInfo, type TokenStore, tokenStore } from './token-store.js';
export type { BadToken, Holder, Right, Tokens } from './tokens.js';
