import { execFile } from 'node:child_process';
import { chmod, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import * as fo from '../src/index.js';
import { adminOf } from './support/command.js';
import { freshDatabase } from './support/fresh-database.js';
import { mediaOf, orLeftOut, s3World } from './support/media-worlds.js';
import { sameDatabase, sdkDatabase } from './support/sdk-database.js';
import { contentsOf, testFolder, writeFiles } from './support/transfers.js';

const PACKAGE = fileURLToPath(new URL('..', import.meta.url));

/** The blocks of code of an example, in order. */
async function blocksOf(example: string): Promise<{ readonly language: string; readonly code: string }[]> {
  const text = await readFile(join(PACKAGE, `../../examples/${example}/README.md`), 'utf8');
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language, code]) => ({
    language: language as string,
    code: code as string,
  }));
}

const here = await orLeftOut(s3World);
if (here !== undefined) {
  afterAll(here.server.stop);

  test('the commands that move a dataset to Enterprise do what the example says', async () => {
    const [source, enterprise, folder, root] = [
      await sdkDatabase(),
      await freshDatabase(),
      await testFolder(),
      await here.bucket(),
    ];
    const dataset = await source.fo.createDataset('my dataset', { persistent: true });
    for (let i = 0; i < 3; i++) {
      // equal names in two fields
      const [filepath, mask] = await writeFiles(folder, { [`images/${i}.png`]: `image ${i}`, [`masks/${i}.png`]: `mask ${i}` });
      const ground_truth = new fo.Segmentation({ mask_path: mask as string });
      await dataset.addSamples([new fo.Sample({ filepath: filepath as string, ground_truth })]);
    }
    const work = join(folder, 'work');
    await mkdir(join(work, 'bin'), { recursive: true });
    const program = join(work, 'bin/fiftyone');
    await writeFile(program, `#!/bin/sh\nexec "${process.execPath}" "${PACKAGE}bin/fiftyone.js" "$@"\n`);
    await chmod(program, 0o755);
    const settings = {
      ...adminOf(source),
      ...(here.env() as Record<string, string>),
      PATH: `${join(work, 'bin')}:${process.env.PATH}`,
      HOME: folder,
      SOURCE_URI: source.uri,
      ENTERPRISE_URI: enterprise.uri,
      NAME: 'my dataset',
      BUCKET: `${root}media`,
    };
    /** Both databases are on one server here, so a name tells them apart. */
    const run = async (code: string, extra: Record<string, string> = {}) => {
      const name = code.includes('SOURCE_URI') ? source.name : enterprise.name;
      const env = { ...settings, FIFTYONE_DATABASE_NAME: name, ...extra };
      return (await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', code], { cwd: work, env })).stdout;
    };
    const shell = (await blocksOf('move-to-enterprise')).filter(({ language }) => language === 'shell').map(({ code }) => code);
    const [take, put, upload, clean, set] = shell as [string, string, string, string, string];
    expect(shell).toHaveLength(5);
    await run(take);
    await run(put);
    expect(await run(upload)).toMatch(/nothing is missing\n$/);
    const moved = await (await sameDatabase(enterprise)).loadDataset('my dataset');
    const uploaded = [0, 1, 2].map((i) => `${root}media/filepath/${i}.png`);
    expect(await moved.values('filepath')).toEqual(uploaded);
    expect(await moved.values('ground_truth.mask_path')).toEqual([0, 1, 2].map((i) => `${root}media/ground_truth/${i}.png`));
    expect(Object.values(await contentsOf(mediaOf(here.env()), root)).sort()).toEqual([
      'image 0',
      'image 1',
      'image 2',
      'mask 0',
      'mask 1',
      'mask 2',
    ]);
    await run(clean);
    await expect(stat(join(work, 'exported'))).rejects.toThrow('ENOENT');
    expect(await run(set)).toMatch(/nothing is missing\n$/);
    expect(await moved.values('filepath')).toEqual(uploaded);

    const script = (await blocksOf('move-to-enterprise')).find(({ language }) => language === 'js')?.code as string;
    await run('fiftyone media revert "$NAME"', { FIFTYONE_DATABASE_URI: enterprise.uri });
    expect(await moved.values('filepath')).not.toEqual(uploaded);
    await writeFile(join(work, 'script.mjs'), script.replace("'fiftyone'", `'${PACKAGE}dist/index.js'`));
    await run(`"${process.execPath}" script.mjs`, { FIFTYONE_DATABASE_URI: enterprise.uri });
    expect(await moved.values('filepath')).toEqual(uploaded);
    // the dataset that it came from is as it was
    expect(await dataset.values('filepath')).toEqual([0, 1, 2].map((i) => join(folder, `images/${i}.png`)));
  }, 240_000);
}
