import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { importDataset } from '../src/formats/import/import-dataset.js';
import { differences } from './support/differences.js';
import { freshDatabase } from './support/fresh-database.js';
import { connectAsAdmin } from './support/migrated.js';
import { RECORDED_EXPORTS, readRecorded, withoutStates } from './support/recorded-database.js';
import { recordedExport } from './support/recorded-export.js';
import { snapshot } from './support/snapshot.js';

const cases = Object.entries(RECORDED_EXPORTS).flatMap(([name, variants]) =>
  variants.filter((variant) => variant !== 'legacy').map((variant) => [name, variant] as const),
);

test.each(cases)('the export %s %s becomes the database that the real client makes of it', async (name, variant) => {
  const exports = await recordedExport(name);
  const database = await freshDatabase();
  await database.db.collection('config').insertOne({ version: '1.22.1', type: 'fiftyone' });
  const connection = await connectAsAdmin(database);
  const folder = join(exports, variant);
  const report = await importDataset(connection, {
    datasetDir: folder,
    name: `imported ${name.replaceAll('_', ' ')}`,
    persistent: true,
    ...(variant === 'labels_reldir' ? { relDir: '/NEWROOT/media' } : {}),
  });
  await connection.close();
  const recorded = join(exports, `${variant}.imported.dump.json`);
  const [, theirs] = /"sample_collection_name": "samples\.([0-9a-f]{24})"/.exec(await readFile(recorded, 'utf8')) as unknown as [
    string,
    string,
  ];
  const expected = await readRecorded(recorded, (text) =>
    corrected(text.replaceAll(theirs, report.id).replaceAll(`/srv/exports/${name}/${variant}/`, `${folder}/`), variant),
  );
  const base = await readRecorded(join(exports, 'source.dump.json'));
  expect(differences(expected, await snapshot(database.db), { base })).toEqual([]);
});

/** What the real client does wrong. */
function corrected(text: string, variant: string): string {
  const fresh = withoutStates(text);
  // paths of labels and thumbnails stay relative
  return variant === 'labels_reldir' ? fresh.replace(/": "((?:thumbs|instmasks|masks|heat)\/)/g, '": "/NEWROOT/media/$1') : fresh;
}
