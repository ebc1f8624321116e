import { mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { createAdaptorServer } from '@hono/node-server';
import { localStore } from 'fiftyone/media';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { freshDatabase } from '../../../../fiftyone/test/support/fresh-database.js';
import type { AuditEvent } from '../../../src/index/audit.js';
import type { FileStore } from '../../../src/index/file-store.js';
import { type IndexSettings, readIndexSettings } from '../../../src/index/index-settings.js';
import { openPackageIndex, type PackageIndex } from '../../../src/index/package-index.js';
import { tokenStore } from '../../../src/index/token-store.js';
import type { Right } from '../../../src/index/tokens.js';
import { type TinyWheel, tinyWheel } from './tiny-wheel.js';

export interface IndexOptions {
  readonly settings?: Partial<IndexSettings>;
  readonly files?: FileStore;
}

/** An index that listens on a free port of 127.0.0.1, with a database and a folder of its own. */
export async function runningIndex({ settings, files }: IndexOptions = {}) {
  const { db } = await freshDatabase();
  const folder = await mkdtemp(join(tmpdir(), 'fiftyone-index-'));
  const tokens = await tokenStore(db);
  const events: AuditEvent[] = [];
  const lines: string[] = [];
  const log = pino(new Writable({ write: (line, _, done) => done(void lines.push(String(line))) }));
  const store = files ?? { store: localStore(folder), prefix: '' };
  const given = {
    ...{ db, tokens, log, files: store, audit: async (event: AuditEvent) => void events.push(event) },
    settings: { ...readIndexSettings({ FIFTYONE_INDEX_UPSTREAM: 'none', FIFTYONE_INDEX_NPM_UPSTREAM: 'none' }), ...settings },
  };
  const index = await openPackageIndex(given);
  const port = await listening(index);
  onTestFinished(() => rm(folder, { recursive: true, force: true }));

  const newToken = (...rights: Right[]) => tokens.create({ kind: 'user', label: 'a test', rights });
  const { token } = await newToken('read', 'upload');
  const url = `http://127.0.0.1:${port}`;
  const asking =
    (url: string) =>
    (path: string, init: RequestInit & { token?: string } = {}) =>
      fetch(`${url}${path}`, {
        redirect: 'manual',
        ...init,
        headers: { ...basic(init.token ?? token), ...(init.headers as object) },
      });
  const ask = asking(url);
  /** Another process would see what this one sees. */
  const second = async () => {
    const other = await openPackageIndex(given);
    return { ...other, ask: asking(`http://127.0.0.1:${await listening(other)}`) };
  };

  const upload = async (wheel: TinyWheel) => {
    const { fileName, bytes } = await tinyWheel(wheel);
    return await send(fileName, bytes, { name: wheel.name, version: wheel.version });
  };
  const send = (fileName: string, bytes: Uint8Array, fields: Record<string, string>, by = token) => {
    const form = new FormData();
    for (const [key, value] of Object.entries({ ':action': 'file_upload', protocol_version: '1', ...fields }))
      form.set(key, value);
    form.set('content', new Blob([bytes as Uint8Array<ArrayBuffer>]), fileName);
    return ask('/legacy/', { method: 'POST', body: form, token: by });
  };
  return { ...index, db, folder, tokens, token, newToken, events, lines, port, url, ask, second, upload, send };
}

async function listening({ app }: PackageIndex): Promise<number> {
  const server = createAdaptorServer({ fetch: app.fetch });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    await new Promise((resolve) => {
      server.close(resolve);
      if ('closeAllConnections' in server) server.closeAllConnections();
    });
  });
  return (server.address() as AddressInfo).port;
}

export function basic(user: string, password = ''): Record<string, string> {
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}
