import { createHash } from 'node:crypto';
import { Hono, type MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { tell } from './answer.js';
import type { AppContext, AppEnv } from './app-env.js';
import type { FileStore } from './file-store.js';
import { type IndexSettings, modeOf } from './index-settings.js';
import type { NpmCatalogue } from './npm-catalogue.js';
import { hashesOfDist, isNpmName, type Packument } from './npm-package.js';
import { Refusal } from './refusal.js';
import { serveContent } from './serve-content.js';
import { hasIt } from './serve-page.js';
import type { UpstreamFiles } from './upstream-files.js';
import { manifestOfTarball, withOurTarballs } from './upstream-packages.js';
import type { UpstreamPages } from './upstream-pages.js';

export interface NpmPorts {
  readonly settings: IndexSettings;
  readonly catalogue: NpmCatalogue;
  readonly files: FileStore;
  readonly upstream: { readonly packages: UpstreamPages<Packument>; readonly files: UpstreamFiles } | undefined;
  readonly canRead: MiddlewareHandler<AppEnv>;
  readonly canUpload: MiddlewareHandler<AppEnv>;
  /** Told of every package that is new. */
  readonly published: (c: AppContext, id: string) => Promise<void>;
}

/** Packages come inside JSON, as text: they have to fit into memory. */
const LARGEST_PUBLISH = 256 * 2 ** 20;

/** What npm needs of a registry to install, and to publish packages of ours. */
export function npmRoutes({ settings, catalogue, files, upstream, canRead, canUpload, published }: NpmPorts): Hono<AppEnv> {
  const app = new Hono<AppEnv>();
  const { base, publicUrl, ownNpmNames, npmUpstream } = settings;
  const owns = (name: string) => ownNpmNames.includes(name.toLowerCase());

  const nameIn = (c: AppContext): string => {
    const name = [c.req.param('scope'), c.req.param('name')].filter((part) => part !== undefined).join('/');
    if (!isNpmName(name)) throw new Refusal(404, 'This is no name of a package');
    return name;
  };
  const hrefs = (c: AppContext, name: string) => (file: string) =>
    `${publicUrl ?? new URL(c.req.url).origin}${base}/npm/${name}/-/${encodeURIComponent(file)}`;

  const packumentOf = async (c: AppContext): Promise<Response> => {
    const name = nameIn(c);
    if (owns(name)) {
      const found = await catalogue.packument(name, hrefs(c, name));
      if (found === undefined) throw new Refusal(404, `${name} is a package of this registry, and has no versions yet`);
      return json(c, found);
    }
    const mode = npmUpstream ? modeOf(npmUpstream.rules, name) : 'refuse';
    if (!npmUpstream || !upstream || mode === 'refuse')
      throw new Refusal(403, `${name} may not be installed from here: ask an admin`);
    if (mode === 'redirect') {
      const target = new URL(name.replace('/', '%2f'), npmUpstream.url);
      target.username = target.password = '';
      return c.redirect(target.href, 302);
    }
    const found = await upstream.packages.get(name);
    if (found === undefined) throw new Refusal(404, `There is no package ${name}`);
    return json(c, withOurTarballs(found, hrefs(c, name)));
  };

  const tarball = async (c: AppContext): Promise<Response> => {
    const name = nameIn(c);
    const file = c.req.param('file') ?? '';
    if (owns(name)) {
      const record = await catalogue.file(name, file);
      if (record === undefined) throw new Refusal(404, 'There is no such file');
      const read = (range: { start: number; end: number }) => files.store.read(record.key, range);
      return await serveContent(c, { size: record.size, hash: record.sha256, type: 'application/octet-stream', read });
    }
    const isProxied = npmUpstream && modeOf(npmUpstream.rules, name) === 'proxy';
    const packument = isProxied ? await upstream?.packages.get(name) : undefined;
    const manifest = packument && manifestOfTarball(packument, file);
    if (!upstream || manifest === undefined) throw new Refusal(404, 'There is no such file');
    const { dist } = manifest;
    const remote = { name: file, url: dist.tarball, hashes: hashesOfDist(dist), type: 'application/octet-stream' };
    return await serveContent(c, await upstream.files(remote));
  };

  const publish = async (c: AppContext): Promise<Response> => {
    const name = nameIn(c);
    if (!owns(name)) throw new Refusal(403, `${name} is not a package of this registry: an admin has to add the name first`);
    const { tag, bytes } = sentPackage(await c.req.json().catch(() => undefined));
    const { id, isNew } = await catalogue.add(name, bytes, tag, c.get('holder').id);
    if (isNew) await published(c, id);
    return c.json({ ok: true });
  };

  const limit = bodyLimit({
    maxSize: LARGEST_PUBLISH,
    onError: (c) => tell(c as AppContext, 413, `A package may have ${LARGEST_PUBLISH} bytes`),
  });

  app.get('/-/ping', canRead, (c) => c.json({}));
  app.get('/-/whoami', canRead, (c) => c.json({ username: c.get('holder').id }));
  for (const path of ['/:scope{@[^/]+}/:name', '/:name']) {
    app.get(path, canRead, packumentOf);
    app.put(path, canUpload, limit, publish);
    app.get(`${path}/-/:file`, canRead, tarball);
  }
  return app;
}

/** The tarball in the form that npm sends. */
function sentPackage(body: unknown): { tag: string; bytes: Buffer } {
  const { 'dist-tags': tags, _attachments: attachments } = (body ?? {}) as Record<string, Record<string, unknown> | undefined>;
  const [tag = 'latest'] = Object.keys(tags ?? {});
  const [file, ...others] = Object.values(attachments ?? {}) as { data?: unknown }[];
  if (typeof file?.data !== 'string' || others.length > 0)
    throw new Refusal(400, 'There is no package in what was sent, or several');
  return { tag, bytes: Buffer.from(file.data, 'base64') };
}

function json(c: AppContext, packument: Packument): Response {
  const body = JSON.stringify(packument);
  const etag = `"${createHash('sha256').update(body).digest('hex').slice(0, 32)}"`;
  const headers = {
    ETag: etag,
    'Cache-Control': 'private, no-cache',
    Vary: 'Authorization',
    'X-Content-Type-Options': 'nosniff',
  };
  if (hasIt(c.req.header('if-none-match'), etag)) return c.body(null, 304, headers);
  return c.body(body, 200, { ...headers, 'Content-Type': 'application/json' });
}
