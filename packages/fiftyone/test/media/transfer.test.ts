import { randomBytes } from 'node:crypto';
import { appendFile, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { partSize } from '../../src/media/checksum.js';
import { readMediaSettings } from '../../src/media/media-settings.js';
import { openStores } from '../../src/media/open-stores.js';
import { planTransfer } from '../../src/media/transfer/plan-transfer.js';
import { sendTransfer } from '../../src/media/transfer/send-transfer.js';
import type { TransferProgress, TransferResult } from '../../src/media/transfer/transfer-options.js';
import { CollisionError, UnsendableError } from '../../src/media/transfer/transfer-plan.js';
import type { RequestFate } from '../support/http-proxy.js';
import { azureWorld, gcsWorld, mediaOf, orLeftOut, s3World } from '../support/media-worlds.js';
import { contentsOf, countingWay, flat, inBatches, testFolder, transfer, writeFiles } from '../support/transfers.js';

const outcomes = (results: readonly TransferResult[]) => results.map(({ outcome }) => outcome);
const targets = (results: readonly TransferResult[], root: string) => results.map(({ to }) => to?.slice(root.length));

describe.each([
  ['S3', s3World],
  ['Google Cloud Storage', gcsWorld],
  ['Azure', azureWorld],
] as const)('files that go to %s', async (_, start) => {
  const here = await orLeftOut(start);
  if (here === undefined) return;
  afterAll(here.server.stop);

  test('are all there afterwards, and the results are in the order of what was wanted', async () => {
    const [open, root, folder] = [mediaOf(here.env()), `${await here.bucket()}some/place/`, await testFolder()];
    const names = ['a.png', 'ü b%41?#.png', 'empty', 'sub/c.png', 'sub/d.png', 'e.png', 'f.png'];
    const paths = await writeFiles(folder, Object.fromEntries(names.map((name) => [name, name === 'empty' ? '' : name])));
    const wanted = paths.map((from, i) => ({ from, to: `${root}${names[i]}` }));
    const { summary, results, lines } = await transfer(open, [...wanted, ...wanted.slice(2, 4)]);
    expect(outcomes(results)).toEqual(Array(9).fill('sent'));
    expect(targets(results, root)).toEqual([...names, ...names.slice(2, 4)]);
    expect(await contentsOf(open, root)).toEqual(Object.fromEntries(names.map((name) => [name, name === 'empty' ? '' : name])));
    expect(summary).toMatchObject({ files: 7, objects: 7, send: { files: 7 }, there: { files: 0 } });
    expect(lines.map(({ from }) => from).sort()).toEqual([...paths].sort());
    expect(lines.every(({ what, checksum }) => what === 'sent' && /^[0-9a-f]{32}$/.test(checksum ?? ''))).toBe(true);
  });

  test('are known again by a rerun: nothing is sent, and one list is all that is asked', async () => {
    const [root, folder] = [`${await here.bucket()}p/`, await testFolder()];
    const names = Array.from({ length: 30 }, (_, i) => `${i}.png`);
    const paths = await writeFiles(folder, Object.fromEntries(names.map((name) => [name, name])));
    const large = await writeFiles(folder, { 'large.mp4': randomBytes(2 * partSize(1) + 9) });
    const wanted = flat([...paths, ...large], root);
    await transfer(mediaOf(here.env()), wanted);
    const way = await countingWay(here.server.port);
    const { results, summary } = await transfer(mediaOf(here.env(way.url)), wanted);
    expect(new Set(outcomes(results))).toEqual(new Set(['there']));
    expect(summary).toMatchObject({ there: { files: 31 }, send: { files: 0, bytes: 0 } });
    expect(way.log).toHaveLength(1);
    expect(way.counts).toEqual({ GET: 1 });
  });

  test('replace what is there only if they may, and what nobody knew of never', async () => {
    const [open, root, folder] = [mediaOf(here.env()), await here.bucket(), await testFolder()];
    const paths = await writeFiles(folder, { 'a.png': 'new a', 'b.png': 'new b', 'c.png': 'c' });
    const wanted = flat(paths, root);
    const { store } = await open(root);
    const put = async (key: string, text: string) => {
      const path = (await writeFiles(folder, { [`other/${key}`]: text }))[0] as string;
      await transfer(open, [{ from: path, to: `${root}${key}` }], { overwrite: true });
    };
    await put('a.png', 'other a');
    await expect(transfer(open, wanted)).rejects.toThrow(CollisionError);
    expect(await contentsOf(open, root)).toEqual({ 'a.png': 'other a' });
    const plan = await planTransfer(open, inBatches(wanted), { overwrite: true, skipFailures: true });
    expect(plan.summary).toMatchObject({ replace: { files: 1, bytes: 5 }, send: { files: 2, bytes: 6 } });
    await put('a.png', 'yet another a');
    await put('b.png', 'other b');
    const results: TransferResult[] = [];
    const sending = sendTransfer(open, inBatches(wanted), plan, { overwrite: true, skipFailures: true });
    for await (const batch of sending) results.push(...batch);
    expect(outcomes(results)).toEqual(['failed', 'failed', 'sent']);
    expect(await contentsOf(open, root)).toEqual({ 'a.png': 'yet another a', 'b.png': 'other b', 'c.png': 'c' });
    expect(outcomes((await transfer(open, wanted, { overwrite: true })).results)).toEqual(['replaced', 'replaced', 'there']);
    expect(await contentsOf(open, root)).toEqual({ 'a.png': 'new a', 'b.png': 'new b', 'c.png': 'c' });
    expect(await store.stat('.fiftyone')).toBeUndefined();
  });

  test('all arrive over a bad way', async () => {
    const [root, folder] = [await here.bucket(), await testFolder()];
    const fates: RequestFate[] = [
      'cut before',
      'cut inside',
      'cut after',
      'cut answer',
      { status: 500 },
      { status: 503 },
      { waitMs: 200 },
    ];
    // with half of them a request would now and then meet nothing else in all of its tries
    const way = await countingWay(here.server.port, (n) =>
      n % 3 === 0 ? (fates[(n / 3) % fates.length] as RequestFate) : 'pass',
    );
    const contents = Object.fromEntries(Array.from({ length: 25 }, (_, i) => [`${i}.png`, `content ${i}`]));
    const paths = await writeFiles(folder, { ...contents, 'large.mp4': randomBytes(2 * partSize(1) + 9) });
    const wanted = flat(paths, root);
    const { results } = await transfer(mediaOf(here.env(way.url)), wanted);
    expect(results.map(({ to }) => to)).toEqual(wanted.map(({ to }) => to));
    expect(await contentsOf(mediaOf(here.env()), root)).toMatchObject(contents);
    expect((await transfer(mediaOf(here.env()), wanted)).summary.there.files).toBe(26);
  });

  test('do not begin to go where no bucket is, and nothing is left by the look', async () => {
    const [root, folder] = [await here.bucket(), await testFolder()];
    const paths = await writeFiles(folder, { 'a.png': 'a' });
    const open = mediaOf(here.env());
    const absent = root.replace(/(\d+)\/$/, '$1-absent/');
    await expect(planTransfer(open, inBatches(flat(paths, absent)))).rejects.toMatchObject({ trouble: 'no bucket' });
    await planTransfer(open, inBatches(flat(paths, root)));
    expect(await contentsOf(open, root)).toEqual({});
  });
});

describe('files that go to a store', async () => {
  const worlds = await orLeftOut(() => Promise.all([s3World(), gcsWorld(), azureWorld()]));
  if (worlds === undefined) return;
  const [s3] = worlds;
  afterAll(() => Promise.all(worlds.map(({ server }) => server.stop())));
  const open = mediaOf(Object.assign({}, ...worlds.map((world) => world.env())));

  describe('with one key for two of them', () => {
    const collision = async () => {
      const [root, folder] = [`${await s3.bucket()}p/`, await testFolder()];
      const paths = await writeFiles(folder, { '1/a.png': 'one', '2/a.png': 'two', '3/a.png': 'one', '4/b.png': 'b' });
      return { root, folder, paths, wanted: flat(paths, root) };
    };

    test('are listed, and nothing is sent', async () => {
      const { root, paths, wanted } = await collision();
      const plan = await planTransfer(open, inBatches(wanted));
      const listed = [{ to: `${root}a.png`, from: [paths[0], paths[1]], isTaken: false }];
      expect(plan.summary.collisions).toEqual({ count: 1, listed });
      expect(JSON.parse(JSON.stringify(plan.summary))).toEqual(plan.summary);
      await expect(transfer(open, wanted)).rejects.toThrow(`${root}a.png from ${paths[0]} and ${paths[1]}`);
      expect(await contentsOf(open, root)).toEqual({});
    });

    test('are skipped if so asked', async () => {
      const { root, wanted } = await collision();
      const { results } = await transfer(open, wanted, { onCollision: 'skip' });
      expect(outcomes(results)).toEqual(['skipped', 'skipped', 'skipped', 'sent']);
      expect(targets(results, root)).toEqual([undefined, undefined, undefined, 'b.png']);
      expect(await contentsOf(open, root)).toEqual({ 'b.png': 'b' });
    });

    test('get other names if so asked, the same in every order and from every folder', async () => {
      const { root, wanted } = await collision();
      const { results, summary } = await transfer(open, wanted, { onCollision: 'rename' });
      expect(outcomes(results)).toEqual(['sent', 'renamed', 'there', 'sent']);
      // what an MD5 of "two" begins with
      const names = ['a.png', 'a-b8a9f715dbb6.png', 'a.png', 'b.png'];
      expect(targets(results, root)).toEqual(names);
      expect(summary).toMatchObject({ objects: 3, rename: { files: 1 } });
      const found = { 'a.png': 'one', 'a-b8a9f715dbb6.png': 'two', 'b.png': 'b' };
      expect(await contentsOf(open, root)).toEqual(found);
      const elsewhere = await testFolder();
      const copies = await writeFiles(elsewhere, { 'x/a.png': 'two', 'y/a.png': 'one', 'z/a.png': 'three' });
      const again = await transfer(open, [...flat(copies, root), ...wanted.slice().reverse()], { onCollision: 'rename' });
      expect(outcomes(again.results)).toEqual(['there', 'there', 'renamed', 'there', 'there', 'there', 'there']);
      expect(targets(again.results, root)).toEqual([names[1], 'a.png', 'a-35d6d33467aa.png', ...names.reverse()]);
      expect(await contentsOf(open, root)).toEqual({ ...found, 'a-35d6d33467aa.png': 'three' });
    });

    test('are no collision with the same content: it is sent once', async () => {
      const { root, wanted } = await collision();
      const way = await countingWay(s3.server.port);
      const same = wanted.filter((_, i) => i !== 1);
      const { results, summary } = await transfer(mediaOf(s3.env(way.url)), same);
      expect(outcomes(results)).toEqual(['sent', 'there', 'sent']);
      expect(summary).toMatchObject({ files: 3, objects: 2, collisions: { count: 0 } });
      expect(way.log.filter((line) => /^PUT .*png/.test(line))).toHaveLength(2);
      expect(await contentsOf(open, root)).toEqual({ 'a.png': 'one', 'b.png': 'b' });
    });

    test('other content at a key is a collision, too: refused, skipped, kept beside, or replaced', async () => {
      const { root, folder, wanted } = await collision();
      const before = await writeFiles(folder, { 'before/b.png': 'before' });
      await transfer(open, flat(before, root));
      const b = wanted.slice(3);
      const refused = await planTransfer(open, inBatches(b));
      expect(refused.summary.collisions).toEqual({
        count: 1,
        listed: [{ to: `${root}b.png`, from: [b[0]?.from], isTaken: true }],
      });
      expect(outcomes((await transfer(open, b, { onCollision: 'skip' })).results)).toEqual(['skipped']);
      expect(await contentsOf(open, root)).toEqual({ 'b.png': 'before' });
      for (const outcome of ['renamed', 'there']) {
        const { results } = await transfer(open, b, { onCollision: 'rename' });
        expect(outcomes(results)).toEqual([outcome]);
        expect(targets(results, root)).toEqual(['b-92eb5ffee6ae.png']);
      }
      expect(outcomes((await transfer(open, b, { overwrite: true })).results)).toEqual(['replaced']);
      expect(await contentsOf(open, root)).toEqual({ 'b.png': 'b', 'b-92eb5ffee6ae.png': 'b' });
    });
  });

  describe('and cannot be sent', () => {
    test('are all counted before anything is sent', async () => {
      const [root, folder] = [await s3.bucket(), await testFolder()];
      const [a = ''] = await writeFiles(folder, { 'a.png': 'a' });
      const wanted = [
        ...flat([a, join(folder, 'absent.png'), folder], root),
        { from: a, to: `${root}${'x'.repeat(1025)}` },
        { from: 'ftp://host/a.png', to: `${root}b.png` },
      ];
      const { summary } = await planTransfer(open, inBatches(wanted), { listed: 2 });
      expect(summary.failures.count).toBe(4);
      expect(summary.failures.listed).toHaveLength(2);
      await expect(transfer(open, wanted)).rejects.toThrow(UnsendableError);
      expect(await contentsOf(open, root)).toEqual({});
      const { results, lines } = await transfer(open, wanted, { skipFailures: true });
      expect(outcomes(results)).toEqual(['sent', 'failed', 'failed', 'failed', 'failed']);
      expect(results.map(({ error }) => error?.message)).toEqual([
        undefined,
        `${join(folder, 'absent.png')}: not found`,
        `${folder}: refused: not a file`,
        `${a}: refused: its key would be longer than 1024 bytes`,
        expect.stringContaining('ftp://host/a.png'),
      ]);
      expect(lines.filter(({ what, error }) => what === 'failed' && error !== undefined)).toHaveLength(4);
    });

    test.each([
      ['shrinks', (path: string) => truncate(path, 10)],
      ['grows', (path: string) => appendFile(path, 'more')],
      ['is written to', (path: string) => writeFile(path, randomBytes(20 * 2 ** 20))],
      ['disappears', (path: string) => rm(path)],
    ])('a file that %s while it is sent fails by name, the others go on', async (what, change) => {
      const [root, folder] = [await s3.bucket(), await testFolder()];
      const paths = await writeFiles(folder, { 'large.mp4': randomBytes(20 * 2 ** 20), 'a.png': 'a' });
      const large = paths[0] as string;
      let changed: Promise<void> | undefined;
      const way = await countingWay(s3.server.port, (_, line) => {
        // when its upload begins
        if (/^POST .*uploads/.test(line)) changed ??= change(large);
        return changed === undefined ? 'pass' : { waitMs: 100 };
      });
      const { results } = await transfer(mediaOf(s3.env(way.url)), flat(paths, root), { skipFailures: true });
      await changed;
      // a file that is deleted can still be read to its end by who has opened it
      expect(outcomes(results)).toEqual([what === 'disappears' ? 'sent' : 'failed', 'sent']);
      if (what !== 'disappears') {
        expect(results[0]?.error?.message).toContain(`${large}: changed meanwhile`);
        expect(await contentsOf(open, root)).toEqual({ 'a.png': 'a' });
      }
    });

    test('a file that is another one than was planned fails', async () => {
      const [root, folder] = [await s3.bucket(), await testFolder()];
      const paths = await writeFiles(folder, { 'a.png': 'a', 'b.png': 'b', 'c.png': 'c' });
      const wanted = flat(paths, root);
      const plan = await planTransfer(open, inBatches(wanted), { skipFailures: true });
      await writeFile(paths[0] as string, 'A');
      await rm(paths[1] as string);
      const results: TransferResult[] = [];
      for await (const batch of sendTransfer(open, inBatches(wanted), plan, { skipFailures: true })) results.push(...batch);
      expect(results.map(({ error }) => error?.message)).toEqual([
        `${paths[0]}: changed meanwhile: it is not what it was when it was planned`,
        `${paths[1]}: not found`,
        undefined,
      ]);
    });
  });

  test('stop all when the store is full, and say so', async () => {
    const [root, folder] = [await s3.bucket(), await testFolder()];
    const paths = await writeFiles(folder, Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`${i}.png`, `${i}`])));
    let puts = 0;
    const way = await countingWay(s3.server.port, (_, line) =>
      /^PUT .*png/.test(line) && ++puts > 20 ? { status: 507 } : 'pass',
    );
    const failing = transfer(mediaOf(s3.env(way.url)), flat(paths, root), { skipFailures: true });
    await expect(failing).rejects.toMatchObject({ trouble: 'full' });
    expect(puts).toBeLessThan(20 + 3 * 64);
    const { results } = await transfer(open, flat(paths, root));
    expect(outcomes(results).filter((outcome) => outcome === 'there')).toHaveLength(20);
  });

  test('stop at the first that fails, and those sent before are told', async () => {
    const [root, folder] = [await s3.bucket(), await testFolder()];
    const paths = await writeFiles(folder, Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`${i}.png`, `${i}`])));
    const way = await countingWay(s3.server.port, (_, line) => (/^PUT .*\/70.png/.test(line) ? { status: 400 } : 'pass'));
    const [wanted, bad] = [inBatches(flat(paths, root), 10), mediaOf(s3.env(way.url))];
    const plan = await planTransfer(bad, wanted);
    const results: TransferResult[] = [];
    const run = async () => {
      for await (const batch of sendTransfer(bad, wanted, plan)) results.push(...batch);
    };
    await expect(run()).rejects.toMatchObject({ path: `${root}70.png`, trouble: 'refused' });
    expect(outcomes(results.slice(0, 70))).toEqual(Array(70).fill('sent'));
    expect(results[70]).toMatchObject({ outcome: 'failed', to: undefined });
    const there = Object.keys(await contentsOf(open, root));
    expect(there.length).toBeLessThan(200);
    expect((await transfer(open, flat(paths, root))).summary).toMatchObject({ there: { files: there.length } });
  });

  test('may be sent by two machines at once: each file once', async () => {
    const [root, folder] = [await s3.bucket(), await testFolder()];
    const paths = await writeFiles(folder, Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`${i}.png`, `${i}`])));
    const wanted = flat(paths, root);
    const both = await Promise.all([transfer(open, wanted), transfer(mediaOf(s3.env()), wanted)]);
    for (const { results } of both) expect(results.every(({ to }, i) => to === wanted[i]?.to)).toBe(true);
    const sent = both.flatMap(({ results }) => results.filter(({ outcome }) => outcome === 'sent'));
    expect(sent).toHaveLength(150);
  });

  test('may go to a folder of this machine, whose paths have many spellings', async () => {
    const folder = await testFolder();
    const [a = '', b = ''] = await writeFiles(folder, { 'x/a.png': 'a', 'y/a.png': 'other' });
    const at = join(folder, 'out');
    const wanted = [
      { from: a, to: `${at}/a.png` },
      { from: b, to: `${at}/../out//a.png` },
    ];
    await expect(transfer(open, wanted)).rejects.toThrow(CollisionError);
    for (const outcome of ['sent', 'there']) {
      expect(outcomes((await transfer(open, wanted.slice(0, 1))).results)).toEqual([outcome]);
    }
    expect(`${await readFile(join(at, 'a.png'))}`).toBe('a');
    // a file is never sent onto itself
    expect(outcomes((await transfer(open, [{ from: a, to: a }], { overwrite: true })).results)).toEqual(['there']);
  });

  test('with credentials that may not write nothing is begun', async () => {
    const [root, folder] = [await s3.bucket(), await testFolder()];
    const paths = await writeFiles(folder, { 'a.png': 'a' });
    const way = await countingWay(s3.server.port, (_, line) => (line.startsWith('PUT') ? { status: 403 } : 'pass'));
    const planned = planTransfer(mediaOf(s3.env(way.url)), inBatches(flat(paths, root)));
    await expect(planned).rejects.toMatchObject({ trouble: 'denied', hint: expect.stringContaining('credentials') });
    expect(way.counts.PUT).toBe(1);
  });

  test('end after those under way when they are asked to', async () => {
    const [root, folder] = [await s3.bucket(), await testFolder()];
    const paths = await writeFiles(folder, Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`${i}.png`, `${i}`])));
    const [stop, wanted] = [new AbortController(), flat(paths, root)];
    const plan = await planTransfer(open, inBatches(wanted));
    const results: TransferResult[] = [];
    const run = async () => {
      const onProgress = ({ files }: { files: number }) => void (files === 100 && stop.abort());
      for await (const batch of sendTransfer(open, inBatches(wanted), plan, { signal: stop.signal, onProgress }))
        results.push(...batch);
    };
    await expect(run()).rejects.toMatchObject({ exitCode: 130 });
    const sent = results.filter(({ outcome }) => outcome === 'sent');
    expect(sent.length).toBeGreaterThanOrEqual(90);
    expect(sent.length).toBeLessThan(300);
    expect(Object.keys(await contentsOf(open, root)).length).toBeLessThan(300);
  });

  test('end in the middle of a large one, which goes on from there', async () => {
    const [root, folder] = [await s3.bucket(), await testFolder()];
    const content = Buffer.alloc(16 * partSize(1));
    for (let i = 0; i < 16; i++) content.writeUInt8(i + 1, i * partSize(1));
    const wanted = flat(await writeFiles(folder, { 'large.mp4': content }), root);
    const stop = new AbortController();
    const way = await countingWay(s3.server.port);
    const parts = () => way.log.filter((line) => /^PUT .*partNumber/.test(line)).length;
    const onProgress = ({ sentBytes }: TransferProgress) => void (sentBytes > 0 && stop.abort());
    await expect(transfer(mediaOf(s3.env(way.url)), wanted, { signal: stop.signal, onProgress })).rejects.toThrow('stopped');
    const before = parts();
    expect(before).toBeLessThan(16);
    expect(outcomes((await transfer(mediaOf(s3.env(way.url)), wanted)).results)).toEqual(['sent']);
    expect(parts()).toBe(16);
  });

  test('tell how far they are, those that are there included', async () => {
    const [root, folder] = [await s3.bucket(), await testFolder()];
    const names = Array.from({ length: 9 }, (_, i) => `${i}.png`);
    const paths = await writeFiles(folder, Object.fromEntries(names.map((name) => [name, 'x'.repeat(10)])));
    const large = await writeFiles(folder, { 'large.mp4': randomBytes(3 * partSize(1)) });
    const wanted = flat([...paths, ...large], root);
    await transfer(open, wanted.slice(0, 4));
    const told: TransferProgress[] = [];
    await transfer(open, wanted, { onProgress: (progress) => void told.push({ ...progress }) });
    const sending = told.filter(({ step }) => step === 'send');
    const total = { totalFiles: 10, totalBytes: 3 * partSize(1) + 90 };
    expect(sending.every(({ totalFiles, totalBytes }) => totalFiles === 10 && totalBytes === total.totalBytes)).toBe(true);
    expect(sending.at(-1)).toEqual({
      step: 'send',
      files: 10,
      bytes: total.totalBytes,
      ...total,
      sentBytes: total.totalBytes - 40,
    });
    // a large file is seen to go
    expect(sending.filter(({ sentBytes }) => sentBytes > 0 && sentBytes < 3 * partSize(1)).length).toBeGreaterThan(1);
    const bytes = sending.map(({ bytes }) => bytes);
    expect(bytes).toEqual([...bytes].sort((a, b) => a - b));
  });

  test('go from one cloud to another, and are known again there', async () => {
    const folder = await testFolder();
    const contents = { 'a.png': 'a', 'sub/ü.png': 'b', 'large.mp4': randomBytes(partSize(1) + 1) };
    const paths = await writeFiles(folder, contents);
    const names = Object.keys(contents);
    let from = paths;
    for (const world of [...worlds, s3]) {
      const root = `${await world.bucket()}x/`;
      const wanted = from.map((path, i) => ({ from: path, to: `${root}${names[i]}` }));
      expect(outcomes((await transfer(open, wanted)).results)).toEqual(['sent', 'sent', 'sent']);
      expect(outcomes((await transfer(open, wanted)).results)).toEqual(['there', 'there', 'there']);
      from = wanted.map(({ to }) => to);
    }
    const { store } = await open(from[0] as string);
    expect(store.root).toContain('s3://');
    const gone = await transfer(open, [{ from: `${store.root}absent.png`, to: `${await worlds[1].bucket()}a` }], {
      skipFailures: true,
    });
    expect(outcomes(gone.results)).toEqual(['failed']);
  });

  test('may come from plain addresses, whose signatures are written down nowhere', async () => {
    const root = await s3.bucket();
    const server = createServer(({ url = '', method }, answer) => {
      const status = url.startsWith('/good') ? 200 : url.startsWith('/denied') ? 403 : 404;
      answer.writeHead(status, { 'content-length': 5 }).end(method === 'HEAD' || status !== 200 ? undefined : 'hello');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const names = ['denied.png', 'absent.png', 'good.png', `good-${'x'.repeat(1025)}.png`];
    const wanted = names.map((name) => ({ from: `http://127.0.0.1:${port}/${name}?X-Signature=hunter2`, to: `${root}${name}` }));
    const { results, summary, lines } = await transfer(open, wanted, { skipFailures: true });
    expect(outcomes(results)).toEqual(['failed', 'failed', 'sent', 'failed']);
    expect(await contentsOf(open, root)).toEqual({ 'good.png': 'hello' });
    const told = JSON.stringify([summary, lines, results.map(({ error }) => error?.message)]);
    expect(told).not.toContain('hunter2');
    expect(told).toContain('denied.png');
    const other = await transfer(open, [{ from: wanted[2]?.from ?? '', to: `${root}other.png` }]);
    expect(outcomes(other.results)).toEqual(['sent']);
    server.closeAllConnections();
    server.close();
  });

  test('nothing of credentials is in plan, results or manifest', async () => {
    const [root, folder] = [await s3.bucket(), await testFolder()];
    const paths = await writeFiles(folder, { 'a.png': 'a' });
    const plain = openStores(readMediaSettings({ HOME: '/nonexistent', ...s3.env() }));
    const all = await transfer(plain, [...flat(paths, root), { from: join(folder, 'absent'), to: `${root}b` }], {
      skipFailures: true,
    });
    expect(JSON.stringify(all)).not.toMatch(/secret|a-key-of-the-tests|Signature/);
  });
});
