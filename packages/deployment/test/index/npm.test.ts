import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readIndexSettings } from '../../src/index/index-settings.js';
import { bareEnv, run } from './support/python.js';
import { runningIndex } from './support/running-index.js';

async function folderFor(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fiftyone-npm-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** npm that knows this index only. */
async function npmOf(index: { url: string; token: string }, token = index.token) {
  const home = await folderFor();
  const registry = `${index.url}/npm/`;
  await writeFile(join(home, '.npmrc'), `registry=${registry}\n${registry.replace('http:', '')}:_authToken=${token}\n`);
  const env = {
    ...bareEnv(),
    HOME: home,
    npm_config_userconfig: join(home, '.npmrc'),
    npm_config_cache: join(home, 'cache'),
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_update_notifier: 'false',
    npm_config_fetch_retries: '0',
  };
  return (cwd: string, ...args: string[]) => run('npm', args, { cwd, env });
}

async function packageIn(manifest: Record<string, unknown>, code = ''): Promise<string> {
  const folder = await folderFor();
  await writeFile(join(folder, 'package.json'), JSON.stringify({ version: '1.0.0', main: 'index.js', ...manifest }));
  await writeFile(join(folder, 'index.js'), code);
  return folder;
}

async function project(): Promise<string> {
  const folder = await folderFor();
  await mkdir(join(folder, 'node_modules'));
  await writeFile(join(folder, 'package.json'), '{ "name": "a-project", "version": "1.0.0" }');
  return folder;
}

test('npm publishes a package of ours and installs it with what it needs from another registry', async () => {
  const other = await runningIndex({ settings: { ownNpmNames: ['a-dep', '@scope/dep'] } });
  const theirs = await npmOf(other);
  for (const name of ['a-dep', '@scope/dep'])
    expect(await theirs(await packageIn({ name }), 'publish')).toMatchObject({ code: 0 });

  const { npmUpstream } = readIndexSettings({
    FIFTYONE_INDEX_NPM_UPSTREAM: `${other.url.replace('//', `//${other.token}@`)}/npm/`,
  });
  const index = await runningIndex({ settings: { npmUpstream } });
  const npm = await npmOf(index);
  const source = await packageIn(
    { name: 'fiftyone', dependencies: { 'a-dep': '^1.0.0', '@scope/dep': '1.0.0' } },
    'exports.here = true;',
  );
  expect(await npm(source, 'publish')).toMatchObject({ code: 0 });

  const target = await project();
  const done = await npm(target, 'install', 'fiftyone');
  expect(done.output).toContain('added 3 packages');
  expect(await readFile(join(target, 'node_modules/fiftyone/index.js'), 'utf8')).toContain('here');
  const lock = await readFile(join(target, 'package-lock.json'), 'utf8');
  expect(lock).not.toContain(other.url);
  expect(lock).not.toContain(index.token);
  expect(index.events).toMatchObject([{ action: 'uploaded', what: 'fiftyone@1.0.0' }]);
});

test('a published version does not change, and npm shows what is said', async () => {
  const index = await runningIndex();
  const npm = await npmOf(index);
  expect(await npm(await packageIn({ name: 'fiftyone' }), 'publish')).toMatchObject({ code: 0 });
  const changed = await npm(await packageIn({ name: 'fiftyone' }, 'evil = 1'), 'publish');
  expect(changed.code).not.toBe(0);
  expect(changed.output).toMatch(/versions do not change|cannot publish over/i);
  const foreign = await npm(await packageIn({ name: 'left-pad' }), 'publish');
  expect(foreign.output).toContain('is not a package of this registry');
  const reader = await index.newToken('read');
  const refused = await (await npmOf(index, reader.token))(await packageIn({ name: 'fiftyone', version: '2.0.0' }), 'publish');
  expect(refused.output).toContain('This token has no right to upload');
});

test('npm is told what is wrong with a token, and that a package may not be installed', async () => {
  const index = await runningIndex();
  const bad = await (await npmOf(index, 'nonsense'))(await project(), 'install', 'fiftyone');
  expect(bad.output).toMatch(/E401|This token is not known/);
  const unknown = await (await npmOf(index))(await project(), 'install', 'left-pad');
  expect(unknown.output).toContain('left-pad may not be installed from here');
});
