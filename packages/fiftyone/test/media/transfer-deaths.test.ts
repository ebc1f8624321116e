import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { partSize } from '../../src/media/checksum.js';
import type { WantedFile } from '../../src/media/transfer/transfer-options.js';
import { mediaOf, orLeftOut, s3World } from '../support/media-worlds.js';
import { contentsOf, countingWay, flat, testFolder, transfer, writeFiles } from '../support/transfers.js';

const DIST = fileURLToPath(new URL('../../dist/media/', import.meta.url));

/** Transfers what a file lists, with the variables that it has; or only plans. */
const PROGRAM = `
  const [dist, list, mode, memory] = process.argv.slice(1);
  const load = (name) => import(dist + name + '.js');
  const { readFileSync } = await import('node:fs');
  const { openMedia } = await load('open-media');
  const { readMediaSettings } = await load('media-settings');
  const { planTransfer } = await load('transfer/plan-transfer');
  const { sendTransfer } = await load('transfer/send-transfer');
  const open = openMedia(readMediaSettings(process.env));
  const many = async function* () {
    const { from, root, count } = JSON.parse(readFileSync(list, 'utf8'));
    for (let i = 0; i < count; i += 1000) {
      yield Array.from({ length: 1000 }, (_, j) => ({ from, to: root + 'folder-' + (i / 1000) + '/image-' + (i + j) + '.png' }));
    }
  };
  const few = async function* () { yield JSON.parse(readFileSync(list, 'utf8')); };
  const wanted = mode === 'plan' ? many : few;
  const plan = await planTransfer(open, wanted, { memory });
  if (mode === 'send') for await (const results of sendTransfer(open, wanted, plan, { memory }));
  console.log(JSON.stringify(plan.summary));
`;

describe('a process that transfers files', async () => {
  const world = await orLeftOut(s3World);
  if (world === undefined) return;
  afterAll(world.server.stop);
  const open = mediaOf(world.env());

  const start = (args: readonly string[], url: string, flags: readonly string[] = []) => {
    const env = { PATH: process.env.PATH, HOME: '/nonexistent', AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' };
    const command = [...flags, '--input-type=module', '-e', PROGRAM, DIST, ...args];
    const child = spawn(process.execPath, command, { env: { ...env, ...world.env(url) }, stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
    const ended = new Promise<{ code: number | null; output: string }>((resolve) => {
      child.once('close', (code) => resolve({ code, output }));
    });
    return { child, ended };
  };

  /** Small files, and a large one in five parts. */
  const someFiles = async (folder: string, root: string): Promise<WantedFile[]> => {
    const small = Object.fromEntries(Array.from({ length: 40 }, (_, i) => [`${i}.png`, `content ${i}`]));
    return flat(await writeFiles(folder, { ...small, 'large.mp4': randomBytes(4 * partSize(1) + 77) }), root);
  };

  test.each([3, 8, 20, 33, 47])(
    'that is killed at request %i leaves what a rerun makes whole, and nothing is sent twice',
    async (n) => {
      const [root, folder] = [`${await world.bucket()}p/`, await testFolder()];
      const wanted = await someFiles(folder, root);
      const list = join(folder, 'list.json');
      await writeFile(list, JSON.stringify(wanted));
      const deadly = await countingWay(world.server.port, (i) => {
        if (i === n) child.kill('SIGKILL');
        return 'pass';
      });
      const { child, ended } = start([list, 'send', join(folder, 'cache')], deadly.url);
      expect((await ended).code).toBeNull();
      // the server may do what it has got
      await sleep(500);
      const there = Object.keys(await contentsOf(open, root));
      const { store, key } = await open(`${root}large.mp4`);
      const isWhole = there.includes('large.mp4');
      const { parts } = isWhole ? { parts: new Map() } : await store.beginParts(key, 4 * partSize(1) + 77);
      const way = await countingWay(world.server.port);
      const { results, summary } = await transfer(mediaOf(world.env(way.url)), wanted, { memory: join(folder, 'cache') });
      expect(results.map(({ to }) => to)).toEqual(wanted.map(({ to }) => to));
      expect(summary.there.files).toBe(there.length);
      const puts = way.log.filter((line) => line.startsWith('PUT') && !line.includes('/.fiftyone-'));
      expect(puts.filter((line) => /\d+\.png/.test(line))).toHaveLength(40 - there.filter((name) => name.endsWith('png')).length);
      expect(puts.filter((line) => /partNumber/.test(line))).toHaveLength(isWhole ? 0 : 5 - parts.size);
      const names = ['large.mp4', ...Array.from({ length: 40 }, (_, i) => `${i}.png`)].sort();
      expect(Object.keys(await contentsOf(open, root))).toEqual(names);
      const again = await transfer(open, wanted);
      expect(again.summary.there.files).toBe(41);
    },
  );

  test('plans 200,000 files in a small heap', async () => {
    const [root, folder] = [await world.bucket(), await testFolder()];
    const [from = ''] = await writeFiles(folder, { 'a.png': 'a' });
    const list = join(folder, 'list.json');
    await writeFile(list, JSON.stringify({ from, root, count: 200_000 }));
    const { ended } = start([list, 'plan', join(folder, 'cache')], world.server.url, ['--max-old-space-size=72']);
    const { code, output } = await ended;
    expect(code).toBe(0);
    expect(JSON.parse(output)).toMatchObject({ files: 200_000, send: { files: 200_000, bytes: 200_000 } });
  });

  test('keeps to its bytes per second', async () => {
    const [root, folder] = [await world.bucket(), await testFolder()];
    const paths = await writeFiles(
      folder,
      Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`${i}`, randomBytes(50_000)])),
    );
    const begun = performance.now();
    await transfer(mediaOf(world.env(), { bytesPerSecond: 500_000 }), flat(paths, root));
    expect(performance.now() - begun).toBeGreaterThan(1800);
  });

  test('asks for few files one by one, and for many by lists unless too much else is there', async () => {
    const [root, folder] = [await world.bucket(), await testFolder()];
    const [from = ''] = await writeFiles(folder, { 'a.png': 'a' });
    const others = Array.from({ length: 1100 }, (_, i) => ({ from, to: `${root}${i}` }));
    await transfer(open, others);
    const asked = async (count: number) => {
      const way = await countingWay(world.server.port);
      const wanted = others.slice(300, 300 + count);
      const { summary } = await transfer(mediaOf(world.env(way.url)), wanted);
      expect(summary.there.files).toBe(count);
      return way.counts;
    };
    expect(await asked(5)).toEqual({ HEAD: 5 });
    expect(await asked(1)).toEqual({ HEAD: 1 });
    expect(await asked(60)).toEqual({ GET: 2 });
    const { GET, HEAD = 0 } = await asked(30);
    expect(GET).toBe(1);
    expect(HEAD).toBeLessThanOrEqual(30);
  });
});
