import { createHash } from 'node:crypto';
import { access, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesSource, localStore, writeObject } from 'fiftyone/media';
import { expect, test } from 'vitest';
import { runningIndex } from './support/running-index.js';
import { tinyWheel } from './support/tiny-wheel.js';

const NAME = 'fiftyone-1.0-py3-none-any.whl';

test('a deleted file is gone, and its name is not used again', async () => {
  const index = await runningIndex();
  await index.upload({ name: 'fiftyone', version: '1.0' });
  await index.verbs.delete(NAME, 'an admin');
  for (const path of ['/fiftyone/', `/packages/${NAME}`, `/packages/${NAME}.metadata`])
    expect((await index.ask(path)).status).toBe(404);
  const again = await index.upload({ name: 'fiftyone', version: '1.0' });
  expect([again.status, await again.text()]).toEqual([409, expect.stringContaining('was deleted')]);
  await expect(index.verbs.delete(NAME, 'an admin')).rejects.toThrow('there is no file');
  expect(index.events).toContainEqual({ action: 'deleted', by: 'an admin', what: NAME });
});

test('retention deletes what its rules say, and a dry run only tells', async () => {
  const index = await runningIndex();
  for (const version of ['1.0', '1.1', '1.2']) await index.upload({ name: 'fiftyone', version });
  const rules = { versions: 1, days: 0, inUse: ['1.1'] };
  expect(await index.verbs.retain('fiftyone', rules, 'an admin', { dryRun: true })).toEqual([NAME]);
  expect(await index.verbs.files('fiftyone')).toHaveLength(3);
  expect(await index.verbs.retain('fiftyone', rules, 'an admin')).toEqual([NAME]);
  expect((await index.verbs.files('fiftyone')).map(({ version }) => version)).toEqual(['1.1', '1.2']);
});

test('what cut off uploads left is swept away when it is old, and nothing that is in use', async () => {
  const index = await runningIndex();
  await index.upload({ name: 'fiftyone', version: '1.0' });
  const store = localStore(index.folder);
  const [live] = await index.verbs.files('fiftyone');
  const old = new Date(Date.now() - 25 * 3600 * 1000);
  for (const key of ['files/aa/old/x.whl', 'files/aa/young/x.whl']) await writeObject(store, key, bytesSource(Buffer.from('x')));
  for (const key of ['files/aa/old/x.whl', live?.key as string]) await utimes(join(index.folder, key), old, old);
  expect(await index.verbs.sweep()).toEqual(['files/aa/old/x.whl']);
  expect((await index.ask(`/packages/${NAME}`)).status).toBe(200);
});

test('an upload makes content young again that was left behind, so that no sweep takes it away', async () => {
  const index = await runningIndex();
  const { bytes, fileName } = await tinyWheel({ name: 'fiftyone', version: '1.0' });
  const hash = createHash('sha256').update(bytes).digest('hex');
  const key = `files/${hash.slice(0, 2)}/${hash}/${fileName}`;
  await writeObject(localStore(index.folder), key, bytesSource(bytes));
  const old = new Date(Date.now() - 25 * 3600 * 1000);
  await utimes(join(index.folder, key), old, old);
  await index.upload({ name: 'fiftyone', version: '1.0' });
  const { modified } = (await localStore(index.folder).stat(key)) as { modified: Date };
  expect(Date.now() - modified.getTime()).toBeLessThan(60_000);
});

test('the cache of other indexes is cut down to a size, the oldest first', async () => {
  const index = await runningIndex();
  const store = localStore(index.folder);
  for (const [name, age] of [
    ['old', 3],
    ['middle', 2],
    ['new', 1],
  ] as const) {
    await writeObject(store, `upstream/aa/${name}/x`, bytesSource(Buffer.alloc(100)));
    const time = new Date(Date.now() - age * 60_000);
    await utimes(join(index.folder, `upstream/aa/${name}/x`), time, time);
  }
  expect((await index.verbs.trimCache(250)).sort()).toEqual(['upstream/aa/old/x']);
  await access(join(index.folder, 'upstream/aa/middle/x'));
});
