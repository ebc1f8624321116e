import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { findDocs } from '../src/database/raw.js';
import { Dataset } from '../src/datasets/dataset.js';
import { exportDataset } from '../src/formats/export/export-dataset.js';
import type { ExportOptions } from '../src/formats/export/export-options.js';
import { freshDatabase } from './support/fresh-database.js';
import { connectAsAdmin } from './support/migrated.js';
import { filesIn, parseDump, recordedExport, temporaryFolder } from './support/recorded-export.js';

const VARIANTS: [name: string, variants: readonly string[]][] = [
  ['custom_embedded', ['labels_only']],
  ['empty', ['copy', 'labels_only']],
  ['empty_schema', ['labels_only']],
  ['group_mixed', ['copy', 'labels_only']],
  ['image_all_labels', ['copy', 'labels_only', 'reldir', 'labels_reldir']],
  ['primitives', ['labels_only', 'use_dirs', 'use_dirs_unordered']],
  ['threed', ['copy', 'labels_only']],
  ['thumbs', ['copy', 'chunked', 'reldir']],
  ['unicode_names', ['copy', 'labels_only']],
  ['video_frames', ['copy', 'use_dirs']],
  ['views_runs', ['copy', 'labels_only', 'noextras']],
];

/** Where ours is not the real client's, see docs/differences.md. */
const DIFFERENT = new Map([
  ['thumbs copy', (file: string) => /^data|samples/.test(file)],
  ['video_frames copy', (file: string) => /^fields\/frames|^frame_media/.test(file)],
]);

describe.each(VARIANTS)('the recorded dataset %s', (name, variants) => {
  test.each(variants)('exported as %s is what the real client exported', async (variant) => {
    const recorded = await recordedExport(name);
    const media = await temporaryFolder();
    const expected = await filesIn(join(recorded, variant));
    const dump = await readFile(join(recorded, 'source.dump.json'), 'utf8');
    const { connection, dataset } = await datasetOf(
      dump.replaceAll('/srv/media', media),
      expected.get('metadata.json') as Buffer,
    );
    await makeMedia(recorded, name, dump, media);

    const exportDir = join(await temporaryFolder(), variant);
    const options = optionsOf(await readFile(join(recorded, 'CMD.txt'), 'utf8'), variant, media);
    await exportDataset(new Dataset(connection, dataset), { ...options, exportDir });

    const made = await filesIn(exportDir);
    const isDifferent = DIFFERENT.get(`${name} ${variant}`) ?? (() => false);
    const names = (files: ReadonlyMap<string, Buffer>) => [...files.keys()].filter((file) => !isDifferent(file));
    expect(names(made)).toEqual(names(expected));
    for (const file of names(expected).filter((file) => !/^(data|fields)\//.test(file) || file.endsWith('.fo3d'))) {
      const text = (made.get(file) as Buffer).toString().replaceAll(media, '/srv/media');
      expect(text, file).toBe((expected.get(file) as Buffer).toString());
    }
    expect(await readdir(exportDir)).not.toContain('.fiftyone-export');
  });
});

async function datasetOf(dump: string, metadata: Buffer) {
  const database = await freshDatabase(parseDump(dump));
  const connection = await connectAsAdmin(database);
  onTestFinished(() => connection.close());
  const { name } = JSON.parse(metadata.toString());
  const [dataset] = await findDocs(database.db, 'datasets', { name });
  if (!dataset) throw new Error(`no dataset ${name}`);
  return { connection, dataset };
}

/** Every file that the documents name: with its path as content, but for scenes. */
async function makeMedia(recorded: string, name: string, dump: string, media: string): Promise<void> {
  const paths = new Set([...dump.matchAll(/"(\/srv\/media\/(?:[^"\\]|\\.)*)"/g)].map(([text]) => JSON.parse(text) as string));
  const scene = name === 'threed' ? await readFile(join(recorded, 'copy/data/scene.fo3d'), 'utf8') : '';
  const second = name === 'threed' ? await readFile(join(recorded, 'copy/data/scene-2.fo3d'), 'utf8') : '';
  for (const path of paths) {
    const file = path.replace('/srv/media', media);
    await mkdir(dirname(file), { recursive: true });
    if (!path.endsWith('.fo3d')) {
      await writeFile(file, path);
      continue;
    }
    const [cloud, mesh] = [join(dirname(file), 'c.pcd'), join(media, name, 'shared.stl')];
    for (const asset of [cloud, mesh]) await writeFile(asset, asset);
    const text = path.includes('/1/') ? second : scene;
    await writeFile(file, text.replace(/"c(-2)?\.pcd"/, JSON.stringify(cloud)).replace('"shared.stl"', JSON.stringify(mesh)));
  }
}

/** The options of the call of the real client in a `CMD.txt`. */
function optionsOf(commands: string, variant: string, media: string): Omit<ExportOptions, 'exportDir'> {
  const call = commands.split('\n').find((line) => line.startsWith(`${variant}: `));
  const found = [...(call as string).matchAll(/(\w+)=(True|False|\d+|'[^']*')/g)].map(([, key, value]) => {
    const name = (key as string).replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
    return [name, JSON.parse((value as string).toLowerCase().replaceAll("'", '"'))];
  });
  const { exportDir: _, ...options } = Object.fromEntries(found);
  return options.relDir ? { ...options, relDir: options.relDir.replace('/srv/media', media) } : options;
}
