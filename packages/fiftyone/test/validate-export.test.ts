import { mkdir, readdir, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { create } from 'tar';
import { expect, test } from 'vitest';
import { validateExport } from '../src/formats/validate/validate-export.js';
import { RECORDED_EXPORTS } from './support/recorded-database.js';
import { recordedExport } from './support/recorded-export.js';

const cases = Object.entries(RECORDED_EXPORTS).flatMap(([name, variants]) =>
  variants.filter((variant) => variant !== 'labels_reldir').map((variant) => [name, variant] as const),
);

test.each(cases)('nothing is wrong with the recorded export %s %s', async (name, variant) => {
  const folder = join(await recordedExport(name), variant);
  const { ok, problems, samples } = await validateExport(folder);
  expect(problems.filter(({ severity }) => severity !== 'note')).toEqual([]);
  expect(ok).toBe(true);
  if (!name.startsWith('empty')) expect(samples).toBeGreaterThan(0);
});

/** Changes a file of an export, and validates it. */
async function damaged(
  name: string,
  variant: string,
  file: string,
  change: (text: string) => string | undefined,
): Promise<string[]> {
  const folder = join(await recordedExport(name), variant);
  const path = join(folder, file);
  const text = change(await readFile(path, 'utf8').catch(() => ''));
  if (text === undefined) await rm(path, { recursive: true });
  else await writeFile(path, text);
  const { ok, problems } = await validateExport(folder);
  const lines = problems.map(
    ({ severity, file, place = '', byte, message }) => `${severity} ${file} ${place} ${byte ?? ''}: ${message}`,
  );
  expect(ok).toBe(!lines.some((line) => !line.startsWith('note')));
  return lines.filter((line) => !line.includes('not on this machine'));
}

test('what is wrong with an export is listed with file and position', async () => {
  const views = (file: string, change: (text: string) => string | undefined) => damaged('views_runs', 'copy', file, change);
  const video = (file: string, change: (text: string) => string | undefined) => damaged('video_frames', 'copy', file, change);
  expect(await views('samples.json', (text) => text.slice(0, 5000))).toContainEqual(
    expect.stringMatching(/^error samples\.json samples\[\d\]\S* \d+: expected/),
  );
  expect(await views('samples.json', (text) => text.replace('"label": "cat"', '"label": cat'))).toContainEqual(
    expect.stringMatching(/^error samples\.json samples\[0\]\.gt\.detections\[0\]\.label \d+: expected a value/),
  );
  expect(
    await views('samples.json', (text) => text.replaceAll('6b0181a64e6b90806a793b01', '6b0181a64e6b90806a793b00')),
  ).toContain('error samples.json samples[1]._id : 6b0181a64e6b90806a793b00 is the id of another sample too');
  expect(await views('samples.json', (text) => text.replaceAll('"emb":', '"embedding":'))).toContainEqual(
    expect.stringMatching(
      /^warning samples\.json {2}: 'embedding' of \d documents \(the first is number 1\) is not in the schema/,
    ),
  );
  expect(await views('data/0.jpg', () => undefined)).toContainEqual(
    expect.stringMatching(/^warning samples\.json samples\[0\]\.filepath : there is no file .*data\/0\.jpg$/),
  );
  expect(await views('brain/viz.json', () => undefined)).toEqual([
    'warning brain/viz.json  : the results of this run are missing',
  ]);
  expect(await views('brain/viz.json', (text) => text.slice(0, 100))).toContainEqual(
    expect.stringMatching(/^error brain\/viz\.json {2}\d+: expected/),
  );
  expect(await views('brain/other.json', () => '{}')).toEqual([
    'note brain/other.json  : metadata.json has no such run: these results are not imported',
  ]);
  expect(await views('metadata.json', (text) => text.replace('"1.22.1"', '"1.99.0"'))).toContain(
    'error metadata.json version : 1.99.0 is newer than this client, which knows formats up to 1.22.1',
  );
  expect(await views('metadata.json', (text) => text.replace('"persistent"', '"unheard_of": 1, "persistent"'))).toEqual([
    'note metadata.json unheard_of : release 1.22.1 does not know this key',
  ]);
  expect(await views('metadata.json', (text) => text.replace('"cats"', '"Train View"'))).toContain(
    "error metadata.json saved_views[1].name : 'Train View' is the name of another one too",
  );
  expect(await views('metadata.json', (text) => text.replace('{\\"_cls\\"', '\\"_cls\\"'))).toContain(
    'error metadata.json saved_views[0].view_stages[0] : is not the text of a view stage',
  );
  expect(await views('metadata.json', (text) => `${text.slice(0, 200)}x`)).toContainEqual(
    expect.stringMatching(/^error metadata\.json \S+ \d+: /),
  );
  expect(await views('tags.json', (text) => text.replace('6b0181a64e6b90806a793b00', '6b0181a64e6b90806a793bff'))).toEqual([
    'warning tags.json tags[0].sample_id : there is no sample 6b0181a64e6b90806a793bff',
  ]);
  expect(await video('frames.json', (text) => text.replace('"frame_number": 2', '"frame_number": 1'))).toEqual([
    'error frames.json frames[1] : the sample has another frame 1',
  ]);
  expect(
    await video('frames.json', (text) => text.replace('"_sample_id": {"$oid": "6b01818c', '"_sample_id": {"$oid": "7b01818c')),
  ).toEqual(['error frames.json frames[0]._sample_id : there is no sample 7b01818ca300a99ad3d20c34']);
  expect(await video('frames.json', () => undefined)).toContainEqual(expect.stringContaining('the dataset has videos'));
  expect(await views('samples.json', () => undefined)).toEqual(['error .  : it has neither samples.json nor a folder samples']);
});

test('what no client of FiftyOne could load or read is told', async () => {
  const views = (file: string, change: (text: string) => string | undefined) => damaged('views_runs', 'copy', file, change);
  expect(await views('metadata.json', (text) => text.replace('"1.22.1"', '"0.5"'))).toContainEqual(
    expect.stringMatching(/^error metadata\.json .*it cannot be upgraded: .*looks newer than 0\.6\.2/),
  );
  expect(await views('metadata.json', (text) => text.replace('fields.FloatField', 'fields.WeirdField'))).toContainEqual(
    expect.stringMatching(/^warning metadata\.json sample_fields\[\d+\]\S* : no client of FiftyOne knows the type/),
  );
  expect(await views('metadata.json', (text) => text.replace('"name": "emb"', '"name": "a.b"'))).toContainEqual(
    expect.stringMatching(/^warning metadata\.json sample_fields\[\d+\]\.name : no field can be called "a\.b"/),
  );
  expect(await views('metadata.json', (text) => text.replace(/"app_config": /, '"app_config": "x", "other": '))).toContain(
    'warning metadata.json app_config : is a string, expected a document: no client of FiftyOne can load it',
  );
  expect(await views('metadata.json', (text) => text.replace('"media_type": "image"', '"media_type": "group"'))).toContainEqual(
    expect.stringMatching(/^warning metadata\.json group_field : the dataset has groups/),
  );
  expect(await views('samples.json', (text) => text.replace(/"tags": \[[^\]]*\]/, '"tags": "train"'))).toContain(
    'warning samples.json samples[0].tags : is a string, expected a list: its field is of type ListField',
  );
  expect(await views('samples.json', (text) => text.replace('"_cls": "Detection"', '"_cls": "my.pkg.Thing"'))).toContain(
    'warning samples.json samples[0].gt.detections[0]._cls : "my.pkg.Thing" is no class that a client of FiftyOne knows',
  );
  expect(await views('samples.json', (text) => text.replace('"_cls": "Detection"', '"_cls": 5'))).toContainEqual(
    expect.stringMatching(/^warning samples\.json samples\[0\]\.gt\.detections\[0\]\._cls : /),
  );
  expect(await views('samples.json', (text) => text.replace('"label": "cat"', '"label": 7'))).toContain(
    'warning samples.json samples[0].gt.detections[0].label : is a number, expected a string: its field is of type StringField',
  );
  expect(await views('frame_media.json', () => '{"a": ')).toContainEqual(expect.stringMatching(/^error frame_media\.json/));
  expect(await views('frame_media.json', () => '{"/x/a.png": "fields/frames.gt/a.png"}')).toContainEqual(
    expect.stringMatching(/^warning frame_media\.json \/x\/a\.png : there is no file .*fields\/frames\.gt\/a\.png/),
  );
});

test('a folder in the place of a medium is told', async () => {
  const folder = join(await recordedExport('views_runs'), 'copy');
  await rm(join(folder, 'data', '0.jpg'));
  await mkdir(join(folder, 'data', '0.jpg'));
  const { ok, problems } = await validateExport(folder);
  expect([ok, problems.map(({ message }) => message)]).toEqual([
    false,
    [`${join(folder, 'data', '0.jpg')} is a folder, expected a file`],
  ]);
});

test('every file of a folder of samples is looked at, whatever is wrong with others', async () => {
  const folder = join(await recordedExport('primitives'), 'use_dirs_unordered');
  const { samples, problems } = await validateExport(folder);
  const [first, second] = (await readdir(join(folder, 'samples'))) as [string, string];
  await writeFile(join(folder, 'samples', first), '{"a": }');
  await writeFile(join(folder, 'samples', second), '[]');
  const report = await validateExport(folder);
  expect(report.samples).toBe(samples - 2);
  const errors = report.problems.filter(({ severity }) => severity === 'error');
  expect(errors.map(({ file, byte }) => [file, byte])).toEqual([
    [`samples/${first}`, 6],
    [`samples/${second}`, 0],
  ]);
  expect(problems.some(({ severity }) => severity === 'error')).toBe(false);
});

test('an archive is looked at like its folder, and nothing of it stays', async () => {
  const exports = await recordedExport('group_mixed');
  await create({ file: join(exports, 'x.tar.gz'), cwd: exports, gzip: true }, ['copy']);
  const before = await readdir(exports);
  const report = await validateExport(join(exports, 'x.tar.gz'));
  expect([report.ok, report.path]).toEqual([true, join(exports, 'x.tar.gz')]);
  expect(await readdir(exports)).toEqual(before);
  await unlink(join(exports, 'x.tar.gz'));
  await expect(validateExport(join(exports, 'x.tar.gz'))).rejects.toThrow('there is no such file or folder');
});
