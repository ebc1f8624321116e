import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, onTestFinished, test } from 'vitest';
import { freshDatabase } from '../../../fiftyone/test/support/fresh-database.js';
import { indexProcess } from './support/dying-index.js';
import { basic } from './support/running-index.js';
import { tinyWheel } from './support/tiny-wheel.js';

/** After how many milliseconds of an upload the process is killed. The upload takes about a tenth of a second. */
const MOMENTS = [0, 15, 40, 100];

test('an index that is killed in the middle of an upload serves all of a file or nothing, and takes it again', async () => {
  const { name, uri } = await freshDatabase();
  const folder = await mkdtemp(join(tmpdir(), 'fiftyone-deaths-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  const token = 'a-token';
  const outcomes = new Set<number>();
  const start = async () => {
    const started = await indexProcess(uri, name, folder, token);
    onTestFinished(started.kill);
    return started;
  };
  let index = await start();
  for (const [i, moment] of MOMENTS.entries()) {
    const wheel = { name: 'fiftyone', version: `1.${i}`, extra: { 'data.bin': randomBytes(4 * 2 ** 20) } };
    const { fileName, bytes } = await tinyWheel(wheel);
    const upload = (url: string) => {
      const form = new FormData();
      form.set(':action', 'file_upload');
      form.set('content', new Blob([bytes]), fileName);
      return fetch(`${url}/legacy/`, { method: 'POST', body: form, headers: basic(token) });
    };
    const sending = upload(index.url).then(
      ({ status }) => status,
      () => 'cut off',
    );
    await sleep(moment);
    await index.kill();
    const told = await sending;

    index = await start();
    const served = await fetch(`${index.url}/packages/${fileName}`, { headers: basic(token) });
    outcomes.add(served.status);
    const page = await (await fetch(`${index.url}/fiftyone/`, { headers: basic(token) })).text();
    expect(page.includes(fileName)).toBe(served.status === 200);
    if (served.status === 200) expect(Buffer.from(await served.arrayBuffer()).equals(bytes)).toBe(true);
    // what the sender was told is so
    if (told === 200) expect(served.status).toBe(200);
    expect((await upload(index.url)).status).toBe(200);
    const again = await fetch(`${index.url}/packages/${fileName}`, { headers: basic(token) });
    expect(Buffer.from(await again.arrayBuffer()).equals(bytes)).toBe(true);
  }
  // otherwise the moments say nothing
  expect(outcomes).toContain(404);
}, 120_000);
