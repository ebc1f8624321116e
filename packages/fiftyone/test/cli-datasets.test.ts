import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { adminOf, fiftyone } from './support/command.js';
import { freshDatabase } from './support/fresh-database.js';
import { filesIn, recordedExport, temporaryFolder } from './support/recorded-export.js';

async function imported(name: string, variant: string) {
  const folder = join(await recordedExport(name), variant);
  const settings = { ...adminOf(await freshDatabase()), FIFTYONE_EDITION: 'open-source' };
  const run = (...args: string[]) => fiftyone(['datasets', ...args], settings);
  return { folder, run, result: await run('import', folder, '--persistent') };
}

test('a dataset is imported under its old name, listed, described, exported and deleted by commands', async () => {
  const { folder, run, result } = await imported('image_all_labels', 'labels_only');
  expect(result).toMatchObject({ code: 0, stdout: "Imported 'Image all labels': 4 samples\n" });
  expect((await run('list')).stdout).toBe('Image all labels\n');
  expect((await run('list', 'nothing*')).stdout).toBe('');
  const [listed] = JSON.parse((await run('list', '--json')).stdout);
  expect(listed).toMatchObject({ name: 'Image all labels', mediaType: 'image', persistent: true, version: '1.22.1' });
  const described = await run('info', 'Image all labels');
  expect(described.stdout).toMatch(/^Name: {9}Image all labels$/m);
  expect(described.stdout).toMatch(/^ {4}ground_truth: +EmbeddedDocumentField\(Detections\)$/m);

  const to = await temporaryFolder();
  const exported = await run('export', 'Image all labels', join(to, 'out'), '--export-media', 'false');
  expect(exported).toMatchObject({ code: 0, stdout: `Exported 'Image all labels' to ${join(to, 'out')}: 4 samples\n` });
  expect([...(await filesIn(join(to, 'out'))).keys()]).toEqual([...(await filesIn(folder)).keys()]);

  expect(await run('delete', 'Image all labels')).toMatchObject({ code: 2, stdout: '' });
  expect(await run('delete', 'Image all labels', '--yes')).toMatchObject({ code: 0, stdout: "Deleted 'Image all labels'\n" });
  expect((await run('list')).stdout).toBe('');
});

test('values are printed as a line of JSON per sample', async () => {
  const { run } = await imported('image_all_labels', 'labels_only');
  const labels = await run('values', 'Image all labels', 'ground_truth.detections.label');
  expect(labels.stdout).toBe(`${'["cat", "dog", "bird"]\n'.repeat(3)}null\n`);
  const numbers = await run('values', 'Image all labels', 'single_det.bounding_box');
  expect(numbers.stdout.split('\n')[0]).toBe('[0.1, 0.2, 0.3, 0.4]');
  expect((await run('values', 'Image all labels', 'polys.polylines.label', '--unwind')).stdout).toBe('"lane"\n"p3"\n'.repeat(3));
  const unknown = await run('values', 'Image all labels', 'nope');
  expect(unknown).toMatchObject({ code: 2, stdout: '' });
  expect(unknown.stderr).toContain("Dataset 'Image all labels' has no field 'nope'");
});

test('importing without --persistent says what will happen to the dataset', async () => {
  const { folder, run } = await imported('empty', 'labels_only');
  const result = await run('import', folder, '--name', 'another');
  expect(result.code).toBe(0);
  expect(result.stderr).toMatch(/not persistent.*deleted/);
});

test('a name that is taken is refused, unless the dataset is to be replaced', async () => {
  const { folder, run } = await imported('primitives', 'labels_only');
  const again = await run('import', folder);
  expect(again.code).toBe(2);
  expect(again.stderr).toContain("Dataset name 'primitives' is not available");
  expect(await run('import', folder, '--overwrite', '--persistent')).toMatchObject({ code: 0 });
  expect((await run('list')).stdout).toBe('primitives\n');
});

test('an export is checked without a database; what is wrong with it is said with its place', async () => {
  const folder = join(await recordedExport('video_frames'), 'copy');
  const nowhere = { FIFTYONE_DATABASE_URI: 'mongodb://127.0.0.1:1/?serverSelectionTimeoutMS=100' };
  const fine = await fiftyone(['datasets', 'validate', folder], nowhere);
  expect(fine).toMatchObject({ code: 0 });
  expect(fine.stdout).toMatch(/complete and readable\n$/);
  const { writeFile } = await import('node:fs/promises');
  const samples = join(folder, 'samples.json');
  await writeFile(samples, (await readFile(samples, 'utf8')).slice(0, -30));
  const damaged = await fiftyone(['datasets', 'validate', folder, '--json'], nowhere);
  expect(damaged.code).toBe(1);
  expect(JSON.parse(damaged.stdout).problems).toContainEqual(
    expect.objectContaining({ severity: 'error', file: 'samples.json', byte: expect.any(Number) }),
  );
});

test('a dataset that is not there is an error that says how to find those that are', async () => {
  const { run } = await imported('empty', 'labels_only');
  for (const args of [
    ['info', 'nope'],
    ['export', 'nope', 'out'],
    ['values', 'nope', 'filepath'],
    ['delete', 'nope', '--yes'],
  ]) {
    const result = await run(...args);
    expect(result).toMatchObject({ code: 1, stdout: '' });
    expect(result.stderr).toContain('Dataset nope not found');
    expect(result.stderr).toContain('fiftyone datasets list');
  }
});
