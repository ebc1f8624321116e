import { afterAll, expect, test } from 'vitest';
import { revertPaths } from '../../src/dataset-media/revert.js';
import { type UploadReport, upload } from '../../src/dataset-media/upload.js';
import { Dataset } from '../../src/datasets/dataset.js';
import type { Env } from '../../src/settings.js';
import { adminOf, startFiftyone } from '../support/command.js';
import { differences } from '../support/differences.js';
import { withoutJournal } from '../support/media-paths.js';
import { mediaOf, orLeftOut, s3World } from '../support/media-worlds.js';
import { DEATHS, mortal } from '../support/mortal.js';
import { reset } from '../support/reset.js';
import { sameDatabase } from '../support/sdk-database.js';
import { snapshot } from '../support/snapshot.js';
import { timeless } from '../support/timeless.js';
import { contentsOf, countingWay, testFolder } from '../support/transfers.js';
import { picturesOnDisk } from '../support/uploads.js';

const FIELDS = ['filepath', 'gt', 'heat'];

const here = await orLeftOut(s3World);
if (here !== undefined) {
  afterAll(here.server.stop);

  test('who dies at any command to the database goes on where he was, and can take everything back', async () => {
    const made = await picturesOnDisk();
    const { db, name, dataset } = made;
    const env: Env = { HOME: await testFolder(), ...here.env() };
    const start = await snapshot(db);
    const send = (by: Dataset, root: string): Promise<UploadReport> =>
      upload(by, root, { mediaField: FIELDS, updateFilepaths: true, env });
    const pathsOf = async (by: Dataset) => [
      ...(await by.values('filepath')),
      ...(await by.values('gt.detections.mask_path', { unwind: true })),
      ...(await by.values('heat.map_path')),
    ];
    const root = await here.bucket();
    const life = mortal(name);
    await send(dataset, root);
    const commands = life.commands();
    await life.settled();
    const paths = (await pathsOf(dataset)).map((path) => String(path).slice(root.length));
    const contents = await contentsOf(mediaOf(env), root);
    expect(commands).toBeGreaterThan(8);
    expect(Object.keys(contents)).toHaveLength(9);
    for (let most = 1; most <= commands; most++) {
      const death = DEATHS[most % 2] as (typeof DEATHS)[number];
      const where = `dead at ${most} (${death})`;
      await reset(db, start, await snapshot(db));
      const bucket = await here.bucket();
      const dying = await sameDatabase(made);
      const short = mortal(name, most, death);
      await send(new Dataset(dying.connection, dataset.doc), bucket).catch(() => undefined);
      await short.settled();
      await dying.connection.close();
      expect(short.died(), where).toBe(true);
      const sound = new Dataset(dataset.connection, dataset.doc);
      // what says that it is in the store is there
      const there = new Set(Object.keys(await contentsOf(mediaOf(env), bucket)));
      const remote = (await pathsOf(sound)).filter((path) => String(path).startsWith(bucket));
      expect(
        remote.every((path) => there.has(String(path).slice(bucket.length))),
        where,
      ).toBe(true);
      await send(sound, bucket);
      expect(
        (await pathsOf(sound)).map((path) => String(path).slice(bucket.length)),
        where,
      ).toEqual(paths);
      expect(await contentsOf(mediaOf(env), bucket), where).toEqual(contents);
      while ((await pathsOf(sound)).some((path) => String(path).startsWith('s3:'))) {
        await revertPaths(sound);
      }
      expect(differences(timeless(start), timeless(await withoutJournal(db))), where).toEqual([]);
    }
  }, 240_000);

  test('an upload that is killed again and again ends as if nobody had killed it, and sends hardly anything twice', async () => {
    const made = await picturesOnDisk(60);
    const root = await here.bucket();
    // each file takes a while, so that a kill meets some of them
    const way = await countingWay(here.server.port, (_, what) => (what.startsWith('PUT') ? { waitMs: 40 } : 'pass'));
    const settings = { ...adminOf(made), ...(here.env(way.url) as Record<string, string>), HOME: await testFolder() };
    const start = () =>
      startFiftyone(
        ['media', 'upload', 'pictures', root, '--update-filepaths', '--concurrency', '4', '--media-field', ...FIELDS],
        settings,
      );
    let kills = 0;
    for (let after = 500; ; after += 150) {
      const running = start();
      const timer = setTimeout(() => running.kill('SIGKILL'), after);
      const { code, stdout, stderr } = await running.result;
      clearTimeout(timer);
      if (code === 0) {
        expect(stdout).toMatch(/Changed \d+ paths of 'pictures'/);
        break;
      }
      expect(stderr).not.toMatch(/error/);
      kills++;
      expect(kills).toBeLessThan(40);
    }
    expect(kills).toBeGreaterThan(1);
    expect(Object.keys(await contentsOf(mediaOf(settings), root))).toHaveLength(180);
    expect(await made.dataset.values('filepath')).toEqual(Array.from({ length: 60 }, (_, i) => `${root}filepath/${i}.jpg`));
    // those that were under way when it was killed, and the question whether the bucket may be written to
    expect(way.counts.PUT).toBeLessThanOrEqual(180 + kills * 12);
  }, 240_000);
}
