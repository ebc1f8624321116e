import { expect, test } from 'vitest';
import { adminOf, fiftyone, userOf } from './support/command.js';
import { idsOf, partOf } from './support/dataset-parts.js';
import { readDump } from './support/dump.js';
import { type FreshDatabase, freshDatabase } from './support/fresh-database.js';
import { databaseOf, smallDataset } from './support/small-database.js';

function twoDatasets(): Promise<FreshDatabase> {
  const datasets = ['a', 'b'].map((name) => smallDataset(name, '1.22.1', { slug: name, description: `of ${name}` }));
  return databaseOf({ config: [{ version: '1.22.1', type: 'fiftyone' }], datasets });
}

test('--attic lists what downgrades keep, and a downgrade says that it is kept', async () => {
  const database = await twoDatasets();
  expect((await fiftyone(['migrate', '--attic'], userOf(database))).stdout).toBe('The attic is empty\n');
  const asked = await fiftyone(['migrate', '--all', '-v', '0.18.0'], adminOf(database));
  expect(asked).toMatchObject({ code: 2, stderr: expect.stringContaining('keeps in the attic') });
  const down = await fiftyone(['migrate', '--all', '-v', '0.18.0', '--yes'], adminOf(database));
  expect(down.stdout).toContain('What was taken out is kept in the attic: fiftyone migrate --attic lists it\n');
  const { stdout } = await fiftyone(['migrate', '--attic', '-n', 'b'], adminOf(database));
  expect(stdout).toMatch(
    /^b: kept on the way down from 1\.22\.1 to 0\.18\.0, \S+, run [0-9a-f]{8}\n {2}the description: of b\n$/,
  );
  const json = JSON.parse((await fiftyone(['migrate', '--attic', 'list', '--json'], adminOf(database))).stdout);
  expect(json).toEqual(
    ['a', 'b'].map((name) => ({
      dataset: expect.stringMatching(/^[0-9a-f]{24}$/),
      name,
      from: '1.22.1',
      to: '0.18.0',
      run: expect.any(String),
      at: expect.any(String),
      what: [`the description: of ${name}`],
    })),
  );
});

test('going up says what was put back, in its report, as JSON and in the journal', async () => {
  const database = await twoDatasets();
  await fiftyone(['migrate', '--all', '-v', '0.18.0', '--yes'], adminOf(database));
  await database.db.collection('datasets').updateOne({ name: 'a' }, { $set: { description: 'new' } });
  const dry = await fiftyone(['migrate', '--all', '--dry-run'], adminOf(database));
  expect(dry.stdout).toContain('  puts back from the attic: description\n');
  expect(dry.stdout).toContain('  leaves in the attic, because it was changed meanwhile: description');
  const { stdout } = await fiftyone(['migrate', '--all'], adminOf(database));
  expect(stdout).toContain('Put back what the attic has kept of 1 dataset\n');
  expect(stdout).toContain('Changed meanwhile, so it stays in the attic: a: description\n');
  const [run] = JSON.parse((await fiftyone(['migrate', '--history', '--json'], adminOf(database))).stdout);
  expect((await fiftyone(['migrate', '--history', run._id], adminOf(database))).stdout).toContain('  put back description\n');
  expect((await fiftyone(['migrate', '--attic'], adminOf(database))).stdout).toMatch(
    /^a: .*\n {2}put back \S+, except description\n/,
  );
});

test('--no-attic keeps nothing, and says so', async () => {
  const database = await twoDatasets();
  const down = ['migrate', '--all', '-v', '0.18.0', '--no-attic'];
  expect((await fiftyone(down, adminOf(database))).stderr).toContain('Going down loses:\n');
  expect((await fiftyone([...down, '--yes'], adminOf(database))).code).toBe(0);
  expect((await fiftyone(['migrate', '--attic'], adminOf(database))).stdout).toBe('The attic is empty\n');
});

test('--attic export prints every entry and every document with its types, a line each', async () => {
  const whole = await readDump('databases/1.22.1-main');
  const database = await freshDatabase(partOf(whole, idsOf(whole, ['labels'])));
  await fiftyone(['migrate', '--all', '-v', '0.14.3', '--yes'], adminOf(database));
  const { stdout } = await fiftyone(['migrate', '--attic', 'export'], adminOf(database));
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines[0]).toMatchObject({ kind: 'entry', name: 'labels', before: { dataset: { version: '1.22.1' } } });
  expect(lines[0].after.dataset.version).toBe('0.14.3');
  expect(lines.length).toBeGreaterThan(1);
  for (const line of lines.slice(1)) expect(line).toMatchObject({ kind: 'document', collection: expect.any(String), before: {} });
});

test('--attic clear asks, is for admins only, and removes entries, documents and results files that nothing else names', async () => {
  const whole = await readDump('databases/1.22.1-main');
  const database = await freshDatabase(partOf(whole, idsOf(whole, ['labels'])));
  const { db } = database;
  const files = () => db.collection('fs.files').countDocuments();
  const before = await files();
  await fiftyone(['migrate', '--all', '-v', '0.18.0', '--yes'], adminOf(database));
  expect(await files()).toBeGreaterThan(before);
  expect(await fiftyone(['migrate', '--attic', 'clear'], adminOf(database))).toMatchObject({ code: 2 });
  expect(await fiftyone(['migrate', '--attic', 'clear', '--yes'], userOf(database))).toMatchObject({ code: 1 });
  const cleared = await fiftyone(['migrate', '--attic', 'clear', '--yes'], adminOf(database));
  expect(cleared).toMatchObject({ code: 0, stdout: expect.stringContaining('Cleared 1 entry\n') });
  expect(await files()).toBe(before);
  for (const name of ['migrations.attic', 'migrations.attic.documents'])
    expect(await db.collection(name).countDocuments()).toBe(0);
});

test('what is kept of a dataset that was deleted since is listed and can be cleared', async () => {
  const database = await twoDatasets();
  await fiftyone(['migrate', '--all', '-v', '0.18.0', '--yes'], adminOf(database));
  await database.db.collection('datasets').deleteMany({ name: 'a' });
  expect((await fiftyone(['migrate', '--attic', 'clear', '-n', 'a', '--yes'], adminOf(database))).code).toBe(0);
  const left = JSON.parse((await fiftyone(['migrate', '--attic', '--json'], adminOf(database))).stdout);
  expect(left.map(({ name }: { name: string }) => name)).toEqual(['b']);
});

test('an action that does not exist is wrong usage', async () => {
  expect(await fiftyone(['migrate', '--attic', 'burn'])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('list, export, clear'),
  });
});
