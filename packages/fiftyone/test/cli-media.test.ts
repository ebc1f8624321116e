import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { adminOf, fiftyone } from './support/command.js';
import { orLeftOut, s3World } from './support/media-worlds.js';
import { testFolder } from './support/transfers.js';
import { picturesOnDisk } from './support/uploads.js';

const here = await orLeftOut(s3World);
if (here !== undefined) {
  afterAll(here.server.stop);

  const pictures = async () => {
    const made = await picturesOnDisk();
    const settings = { ...adminOf(made), ...(here.env() as Record<string, string>), HOME: await testFolder() };
    const run = (...args: string[]) => fiftyone(['media', ...args], settings);
    return { ...made, root: await here.bucket(), run };
  };

  test('media are uploaded, looked at, verified, reverted and set by commands', async () => {
    const { root, run, dataset, folder } = await pictures();
    const before = await dataset.values('filepath');
    const planned = await run('upload', 'pictures', `${root}images`, '--dry-run');
    expect(planned).toMatchObject({ code: 0, stderr: expect.not.stringContaining('error') });
    expect(planned.stdout).toBe(
      `3 paths in the dataset; 3 files for:\n  filepath -> ${root}images/\nwould send: 3 files (21 bytes)\nthere already: 0 files (0 bytes)\n`,
    );
    expect((await run('status', 'pictures')).stdout).toMatch(/^filepath: 3 paths\n {2}this machine: 3\n/);

    const manifest = join(await testFolder(), 'm.jsonl');
    const sent = await run('upload', 'pictures', `${root}images`, '-u', '--manifest', manifest);
    expect(sent.code).toBe(0);
    expect(sent.stdout).toMatch(
      /^Uploaded to s3:.*images: 3 files \(21 bytes\); 0 files there already\nChanged 3 paths of 'pictures'\n/,
    );
    expect((await readFile(manifest, 'utf8')).trim().split('\n')).toHaveLength(3);
    const command = /take that back with: fiftyone media (revert pictures \S+)/.exec(sent.stdout)?.[1] as string;
    expect((await run('status', 'pictures')).stdout).toContain(`  ${root.slice(0, -1)}: 3\n`);
    const verified = await run('verify', 'pictures', '-f', 'filepath', '--manifest', manifest);
    expect(verified).toMatchObject({
      code: 0,
      stdout: '3 files (21 bytes), 3 files compared with the manifest\nnothing is missing\n',
    });

    const reverted = await run(...command.split(' '));
    expect(reverted).toMatchObject({ code: 0, stdout: expect.stringMatching(/^Put back 3 paths that upload of /) });
    expect(await dataset.values('filepath')).toEqual(before);
    expect((await run('revert', 'pictures', 'nothing')).code).toBe(2);

    const rule = ['--from', folder, '--to', `${root}images`];
    const dry = await run('set-paths', 'pictures', ...rule, '--dry-run');
    expect(dry).toMatchObject({ code: 0, stdout: expect.stringMatching(/^filepath: 3 paths of 3 would become others\n/) });
    expect(await dataset.values('filepath')).toEqual(before);
    const set = await run('set-paths', 'pictures', '--regex', '^.*/', '--replace', `${root}images/`, '--json');
    expect(JSON.parse(set.stdout)).toMatchObject({ changed: 3, others: 0 });
    expect(await dataset.values('filepath')).toEqual([0, 1, 2].map((i) => `${root}images/${i}.jpg`));
    expect((await run('verify', 'pictures', '-f', 'filepath')).code).toBe(0);
  });

  test('collisions end an upload with everything that a person needs, and nothing is sent', async () => {
    const { root, run } = await pictures();
    const refused = await run('upload', 'pictures', root, '--media-field', 'gt=labels', 'heat=labels');
    expect(refused.code).toBe(1);
    expect(refused.stderr).toMatch(/3 of the keys cannot have all that would go there/);
    expect(refused.stderr).toMatch(/labels\/0\.png from .*masks\/0\.png and .*maps\/0\.png/);
    expect(refused.stderr).toMatch(/choose what becomes of them/);
    const planned = await run('upload', 'pictures', root, '--media-field', 'gt=labels', 'heat=labels', '--dry-run', '--json');
    expect(planned.code).toBe(1);
    expect(JSON.parse(planned.stdout)).toMatchObject({ collisions: { count: 3 }, send: { files: 0 } });
    expect((await run('upload', 'pictures', root, '--media-field', 'gt', 'heat')).code).toBe(0);
  });

  test('credentials are named in no output and no argument of a process, and wrong ones end the upload at once', async () => {
    const { root, ...made } = await pictures();
    const secret = 'very-secret-key';
    const settings = {
      ...adminOf(made),
      ...(here.env() as Record<string, string>),
      AWS_SECRET_ACCESS_KEY: secret,
      HOME: await testFolder(),
    };
    const { code, stdout, stderr } = await fiftyone(['media', 'upload', 'pictures', root], settings);
    expect(code).toBe(1);
    expect(stderr).toMatch(/access denied/);
    expect(`${stdout}${stderr}`).not.toContain(secret);
  });

  test('wrong usage is told before the database is asked', async () => {
    const nowhere = { FIFTYONE_DATABASE_URI: 'mongodb://127.0.0.1:1' };
    const run = (...args: string[]) => fiftyone(['media', ...args], nowhere);
    for (const args of [
      ['upload', 'pictures'],
      ['upload', 'pictures', 's3://b/', '--on-collision', 'maybe'],
      ['upload', 'pictures', 's3://b/', '--concurrency', '0'],
      ['upload', 'pictures', 's3://b/', '--bwlimit', 'fast'],
      ['upload', 'pictures', 's3://b/', '--media-field', 'a=b', 'c'],
      ['set-paths', 'pictures'],
      ['set-paths', 'pictures', '--from', '/a'],
      ['set-paths', 'pictures', '--regex', '(', '--replace', 'x'],
    ]) {
      expect(await run(...args), args.join(' ')).toMatchObject({ code: 2, stdout: '' });
    }
  });
}
