import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { importDataset } from '../src/formats/import/import-dataset.js';
import { differences } from './support/differences.js';
import { freshDatabase } from './support/fresh-database.js';
import { connectAsAdmin } from './support/migrated.js';
import { readRecorded, withoutStates } from './support/recorded-database.js';
import { recordedExport } from './support/recorded-export.js';
import { type Snapshot, snapshot } from './support/snapshot.js';

const ERAS = [
  'video_frames_0_18_0',
  'video_frames_0_24_0',
  'views_runs_0_14_0',
  'views_runs_0_18_0',
  'views_runs_0_19_1',
  'views_runs_0_22_0',
  'views_runs_0_24_0',
  'views_runs_1_0_0',
];

test.each(ERAS)('an export of an earlier release, %s, becomes what the real client makes of it', async (era) => {
  const exports = await recordedExport('eras');
  const database = await freshDatabase();
  await database.db.collection('config').insertOne({ version: '1.22.1', type: 'fiftyone' });
  const connection = await connectAsAdmin(database);
  const report = await importDataset(connection, {
    datasetDir: join(exports, era),
    name: `imported ${era.replaceAll('_', ' ')}`,
    persistent: true,
  });
  await connection.close();
  const recorded = join(exports, `${era}.imported.dump.json`);
  const [, theirs] = /"sample_collection_name": "samples\.([0-9a-f]{24})"/.exec(await readFile(recorded, 'utf8')) as unknown as [
    string,
    string,
  ];
  const expected = await readRecorded(recorded, (text) => withoutStates(text.replaceAll(theirs, report.id)));
  const base: Snapshot = { collections: new Map(), metadata: new Map() };
  const lines = differences(expected, await snapshot(database.db), { base });
  // of the oldest one the real client writes one field anew, through its classes
  expect(lines.filter((line) => !(era.endsWith('0_14_0') && line.includes('.sample_fields[7]: key order')))).toEqual([]);
});
