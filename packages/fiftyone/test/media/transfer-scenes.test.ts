import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { planTransfer } from '../../src/media/transfer/plan-transfer.js';
import { azureWorld, gcsWorld, mediaOf, orLeftOut, s3World } from '../support/media-worlds.js';
import { contentsOf, countingWay, inBatches, testFolder, transfer, writeFiles } from '../support/transfers.js';

const scene = (...paths: string[]) => `{"children": [${paths.map((path) => `{"objPath": "${path}"}`)}]}`;

describe('3D scenes', async () => {
  const worlds = await orLeftOut(() => Promise.all([s3World(), gcsWorld(), azureWorld()]));
  if (worlds === undefined) return;
  const [s3, gcs] = worlds;
  afterAll(() => Promise.all(worlds.map(({ server }) => server.stop())));
  const open = mediaOf(Object.assign({}, ...worlds.map((world) => world.env())));

  test('bring the files that they name, which are there before them, and are known again', async () => {
    const [root, folder] = [`${await s3.bucket()}p/`, await testFolder()];
    const text = scene('m.obj', 'sub/n.obj', join(folder, 'far/o.obj'), 'gs://elsewhere/x.obj');
    const files = { 'x/a.fo3d': text, 'x/m.obj': 'm', 'x/sub/n.obj': 'n', 'far/o.obj': 'o' };
    const [from = ''] = await writeFiles(folder, files);
    const way = await countingWay(s3.server.port);
    const wanted = [{ from, to: `${root}a.fo3d` }];
    const { results, summary, lines } = await transfer(mediaOf({ ...s3.env(way.url) }), wanted);
    expect(results).toMatchObject([{ from, to: `${root}a.fo3d`, outcome: 'sent' }]);
    expect(summary).toMatchObject({ files: 4, objects: 4, send: { files: 4 } });
    expect(lines.map(({ from }) => from).at(-1)).toBe(from);
    expect(way.log.filter((line) => line.startsWith('PUT')).at(-1)).toContain('a.fo3d');
    const { 'a.fo3d': sent = '', ...others } = await contentsOf(open, root);
    const far = Object.keys(others).find((key) => key.startsWith('assets/')) as string;
    expect(others).toEqual({ 'm.obj': 'm', 'sub/n.obj': 'n', [far]: 'o' });
    expect(sent).toBe(scene('m.obj', 'sub/n.obj', far, 'gs://elsewhere/x.obj').replaceAll(', ', ','));
    expect(`${await readFile(from)}`).toBe(text);
    way.log.length = 0;
    const again = await transfer(mediaOf({ ...s3.env(way.url) }), wanted);
    expect(again.results).toMatchObject([{ outcome: 'there' }]);
    expect(again.summary).toMatchObject({ there: { files: 4 }, send: { files: 0 } });
    expect(way.log.some((line) => line.startsWith('PUT'))).toBe(false);
  });

  test('in several folders share files below relDir, and lead to those with other names', async () => {
    const [root, folder] = [await s3.bucket(), await testFolder()];
    const files = {
      '1/a.fo3d': scene('m.obj', '../m.obj'),
      '2/b.fo3d': scene('m.obj', '../m.obj'),
      '1/m.obj': '1',
      '2/m.obj': '2',
    };
    const paths = (await writeFiles(folder, { ...files, 'm.obj': 'shared' })).slice(0, 2);
    const names = ['1/a.fo3d', '2/b.fo3d'];
    const below = paths.map((from, i) => ({ from, to: `${root}rel/${names[i]}`, relDir: folder }));
    await transfer(open, below);
    expect(await contentsOf(open, `${root}rel/`)).toEqual({ ...files, 'm.obj': 'shared' });
    const flat = paths.map((from, i) => ({ from, to: `${root}flat/${names[i]?.slice(2)}` }));
    const { summary } = await planTransfer(open, inBatches(flat));
    expect(summary.collisions).toMatchObject({ count: 1, listed: [{ to: `${root}flat/m.obj` }] });
    const { results } = await transfer(open, flat, { onCollision: 'rename' });
    expect(results.map(({ outcome }) => outcome)).toEqual(['sent', 'sent']);
    const found = await contentsOf(open, `${root}flat/`);
    const named = Object.values(found).map((text) =>
      text.startsWith('{') ? [...text.matchAll(/"([^"]+obj)"/g)].map(([, path]) => path) : [],
    );
    expect(
      named
        .flat()
        .map((path) => found[path as string])
        .sort(),
    ).toEqual(['1', '2', 'shared', 'shared']);
    const again = await transfer(open, flat, { onCollision: 'rename' });
    expect(again.summary).toMatchObject({ send: { files: 0 }, rename: { files: 0 } });
    expect(await contentsOf(open, `${root}flat/`)).toEqual(found);
  });

  test('that are there get what is missing of their files, and what is another one by now', async () => {
    const [root, folder] = [await s3.bucket(), await testFolder()];
    const [from = ''] = await writeFiles(folder, { 'a.fo3d': scene('m.obj', 'n.obj'), 'm.obj': 'm', 'n.obj': 'n' });
    const wanted = [{ from, to: `${root}a.fo3d` }];
    await transfer(open, wanted);
    await (await open(root)).store.delete('m.obj');
    await writeFiles(folder, { 'n.obj': 'other' });
    const { results, lines } = await transfer(open, wanted, { overwrite: true });
    expect(results).toMatchObject([{ outcome: 'there' }]);
    expect(lines.map(({ what }) => what).sort()).toEqual(['replaced', 'sent', 'there']);
    expect(await contentsOf(open, root)).toMatchObject({ 'm.obj': 'm', 'n.obj': 'other' });
  });

  test('of which a file cannot be sent are not sent', async () => {
    const [root, folder] = [await s3.bucket(), await testFolder()];
    const paths = await writeFiles(folder, {
      'a.fo3d': scene('absent.obj'),
      'b.fo3d': scene('m.obj'),
      'm.obj': 'm',
      'c.fo3d': '{',
    });
    const wanted = [paths[0], paths[1], paths[3]].map((from = '') => ({ from, to: `${root}${from.slice(-6)}` }));
    const absent = join(folder, 'absent.obj');
    await expect(transfer(open, wanted)).rejects.toThrow(`${absent}: not found`);
    const { results } = await transfer(open, wanted, { skipFailures: true });
    expect(results.map(({ outcome }) => outcome)).toEqual(['failed', 'sent', 'sent']);
    expect(results[0]?.error?.message).toContain(`a file of the scene: ${absent}: not found`);
    expect(Object.keys(await contentsOf(open, root))).toEqual(['b.fo3d', 'c.fo3d', 'm.obj']);
    const way = await countingWay(s3.server.port, (_, line) => (/PUT .*other.obj/.test(line) ? { status: 400 } : 'pass'));
    const [late = ''] = await writeFiles(folder, { 'd.fo3d': scene('other.obj'), 'other.obj': 'o' });
    const failing = await transfer(mediaOf(s3.env(way.url)), [{ from: late, to: `${root}d.fo3d` }], { skipFailures: true });
    expect(failing.results).toMatchObject([{ outcome: 'failed', error: { message: expect.stringContaining('other.obj') } }]);
    expect(Object.keys(await contentsOf(open, root))).not.toContain('d.fo3d');
  });

  test('go from one cloud to another with their files', async () => {
    const [one, two, folder] = [await s3.bucket(), await gcs.bucket(), await testFolder()];
    const files = { 'a.fo3d': scene('sub/m.obj'), 'sub/m.obj': 'm' };
    const [from = ''] = await writeFiles(folder, files);
    await transfer(open, [{ from, to: `${one}a.fo3d` }]);
    await rm(folder, { recursive: true });
    const wanted = [{ from: `${one}a.fo3d`, to: `${two}a.fo3d` }];
    for (const outcome of ['sent', 'there']) expect((await transfer(open, wanted)).results).toMatchObject([{ outcome }]);
    expect(await contentsOf(open, two)).toEqual(files);
  });
});
