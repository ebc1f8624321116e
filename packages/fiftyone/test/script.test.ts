import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { userOf } from './support/command.js';
import { freshDatabase } from './support/fresh-database.js';

const SDK = fileURLToPath(new URL('../dist/index.js', import.meta.url));

/** Runs a script of a user as a process of its own. */
function script(text: string, settings: Record<string, string>): Promise<{ code: number | null; output: string }> {
  const env = { PATH: process.env.PATH as string, HOME: '/nonexistent', ...settings };
  const program = `import * as fo from ${JSON.stringify(SDK)};\n${text}`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  return new Promise((resolve, reject) => {
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, output: output.trim() }));
  });
}

test('a script that closes the default database ends by itself, and everything is saved', async () => {
  const database = await freshDatabase();
  const made = await script(
    `const dataset = await fo.Dataset.create('made by a script');
     await dataset.addSamples([new fo.Sample({ filepath: '/1.jpg', gt: new fo.Classification({ label: 'cat' }) })]);
     dataset.persistent = true;
     dataset.info = { by: 'a script' };
     await fo.close();`,
    userOf(database),
  );
  expect(made).toEqual({ code: 0, output: '' });
  const read = await script(
    `console.log(await fo.listDatasets('made*'));
     const dataset = await fo.loadDataset('made by a script');
     console.log(dataset.persistent, dataset.info, dataset.mediaType, await dataset.count());
     await fo.close();`,
    userOf(database),
  );
  expect(read).toEqual({ code: 0, output: "[ 'made by a script' ]\ntrue { by: 'a script' } image 1" });
});

test('a database that is opened by `connect` is closed like every other resource', async () => {
  const database = await freshDatabase();
  const { code, output } = await script(
    `const database = await fo.connect();
     try {
       console.log(await database.listDatasets());
       await database.loadDataset('nope');
     } catch (error) {
       console.log(error.name, error.message);
     } finally {
       await database[Symbol.asyncDispose]();
     }`,
    userOf(database),
  );
  expect({ code, output }).toEqual({ code: 0, output: '[]\nDatasetNotFoundError Dataset nope not found' });
});

test('an assignment that failed makes the script fail', async () => {
  const database = await freshDatabase();
  const { code, output } = await script(
    `const dataset = await fo.Dataset.create('a');
     await fo.Dataset.create('b');
     dataset.name = 'b';
     await fo.close();`,
    userOf(database),
  );
  expect(code).toBe(1);
  expect(output).toContain("Dataset name 'b' is not available");
});
