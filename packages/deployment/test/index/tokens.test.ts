import { expect, test } from 'vitest';
import { freshDatabase } from '../../../fiftyone/test/support/fresh-database.js';
import { tokenStore } from '../../src/index/token-store.js';
import { basic, runningIndex } from './support/running-index.js';

test('a token is good until it expires or is revoked, and is nowhere in the database', async () => {
  const { db } = await freshDatabase();
  let now = new Date('2026-01-01');
  const tokens = await tokenStore(db, () => now);
  const { id, token } = await tokens.create({ kind: 'org', label: 'all', rights: ['read'], expires: new Date('2026-02-01') });
  expect(await tokens.check(token)).toEqual({ kind: 'org', id, rights: ['read'] });
  expect(await tokens.check(`${token}x`)).toBe('unknown');
  expect(JSON.stringify(await db.collection('index_tokens').find().toArray())).not.toContain(token);
  now = new Date('2026-02-01');
  expect(await tokens.check(token)).toBe('expired');
  expect(await tokens.revoke(id)).toBe(true);
  expect(await tokens.check(token)).toBe('revoked');
  expect(await tokens.revoke(id)).toBe(false);
  expect(await tokens.list()).toMatchObject([{ id, label: 'all', revoked: now }]);
});

test('a token that people have already can go on', async () => {
  const { db } = await freshDatabase();
  const tokens = await tokenStore(db);
  const { id } = await tokens.create({ kind: 'org', label: 'old', token: 'from-the-license' });
  expect(await tokens.check('from-the-license')).toMatchObject({ id });
  await expect(tokens.create({ kind: 'org', label: 'again', token: 'from-the-license' })).rejects.toThrow('in use');
});

test('a rotated token has the same rights, and the old one ends at once or after a while', async () => {
  const { db } = await freshDatabase();
  let now = new Date('2026-01-01');
  const tokens = await tokenStore(db, () => now);
  const first = await tokens.create({ kind: 'user', label: 'me', rights: ['upload'] });
  const second = await tokens.rotate(first.id);
  expect(await tokens.check(first.token)).toBe('revoked');
  const third = await tokens.rotate(second.id, 60_000);
  expect(await tokens.check(second.token)).toMatchObject({ rights: ['upload'] });
  now = new Date(now.getTime() + 60_000);
  expect(await tokens.check(second.token)).toBe('expired');
  expect(await tokens.check(third.token)).toMatchObject({ rights: ['upload'] });
  await expect(tokens.rotate(first.id)).rejects.toThrow('not revoked');
});

test('the last use is written at most once a minute', async () => {
  const { db } = await freshDatabase();
  let now = new Date('2026-01-01T00:00:00Z');
  const tokens = await tokenStore(db, () => now);
  const { id } = await tokens.create({ kind: 'user', label: 'me' });
  const lastUsed = async () => (await tokens.list())[0]?.lastUsed;
  await tokens.used(id);
  now = new Date('2026-01-01T00:00:59Z');
  await tokens.used(id);
  expect(await lastUsed()).toEqual(new Date('2026-01-01T00:00:00Z'));
  now = new Date('2026-01-01T00:01:00Z');
  await tokens.used(id);
  expect(await lastUsed()).toEqual(now);
});

test('what is wrong with a token is said with 401, in the reason phrase too, and a challenge', async () => {
  const index = await runningIndex();
  const { id, token } = await index.newToken('read');
  expect((await index.ask('/', { token })).status).toBe(200);
  await index.tokens.revoke(id);
  const answer = await index.ask('/', { token });
  expect([answer.status, answer.statusText]).toEqual([
    401,
    'This token was revoked: copy the install command from the App again',
  ]);
  expect(answer.headers.get('www-authenticate')).toMatch(/^Basic realm=/);
  expect((await fetch(`${index.url}/fiftyone/`)).status).toBe(401);
  expect(index.events).toMatchObject([{ action: 'token refused', why: 'revoked' }]);
});

test('a token does only what it has the right to', async () => {
  const index = await runningIndex();
  const [reading, uploading] = [await index.newToken('read'), await index.newToken('upload')];
  expect((await index.ask('/legacy/', { method: 'POST', token: reading.token })).status).toBe(403);
  for (const path of [
    '/',
    '/simple/',
    '/fiftyone/',
    '/packages/x.whl',
    '/packages/x.whl.metadata',
    '/upstream/a/x.whl',
    '/npm/fiftyone',
  ]) {
    expect((await index.ask(path, { token: uploading.token })).status).toBe(403);
    expect((await index.ask(path, { token: 'bad' })).status).toBe(401);
  }
});

test('too many bad tokens from an address are told so, and good ones still work', async () => {
  const index = await runningIndex({ settings: { badAttempts: 3 } });
  const statuses: number[] = [];
  for (let i = 0; i < 5; i++) statuses.push((await index.ask('/', { token: `guess-${i}` })).status);
  expect(statuses).toEqual([401, 401, 401, 429, 429]);
  expect((await index.ask('/')).status).toBe(200);
  expect(index.events).toHaveLength(3);
});

test('no token gets into the log, wherever it is put', async () => {
  const index = await runningIndex();
  const { token } = index;
  await index.ask('/fiftyone/');
  await index.ask(`/${token}/simple/fiftyone/?token=${token}`, { token: 'secret-guess' });
  await fetch(`${index.url}/simple/${token}/`, { headers: { authorization: `Bearer ${token}`, cookie: token } });
  await fetch(`${index.url}/`, { headers: basic('__token__', token) });
  await index.tokens.create({ kind: 'org', label: 'old', token: 'license-token', rights: ['read'] });
  for (const good of ['license-token', 'secret-guess']) await index.ask('/license-token/simple/fiftyone/', { token: good });
  const log = index.lines.join('');
  expect(log).toContain('/fiftyone/');
  expect(log).not.toContain(token);
  expect(log + JSON.stringify(index.events)).not.toMatch(/secret-guess|license-token/);
});
