import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { findDocs } from '../src/database/raw.js';
import { Dataset } from '../src/datasets/dataset.js';
import { exportDataset } from '../src/formats/export/export-dataset.js';
import { parseStage } from '../src/views/stage.js';
import { viewOf } from '../src/views/view.js';
import { freshDatabase } from './support/fresh-database.js';
import { connectAsAdmin } from './support/migrated.js';
import { filesIn, parseDump, recordedExport, temporaryFolder } from './support/recorded-export.js';

test.each(['group_mixed', 'video_frames', 'views_runs'])(
  'views of the recorded dataset %s are exported as the real client did',
  async (name) => {
    const recorded = join(await recordedExport('views'), name);
    const dump = await readFile(join(await recordedExport(name), 'source.dump.json'), 'utf8');
    const database = await freshDatabase(parseDump(dump));
    const connection = await connectAsAdmin(database);
    onTestFinished(() => connection.close());
    const [doc] = await findDocs(database.db, 'datasets', { sample_collection_name: /^samples/ });
    const dataset = new Dataset(connection, doc as NonNullable<typeof doc>);
    const views: Record<string, string[]> = JSON.parse(await readFile(join(recorded, 'stages.json'), 'utf8'));
    expect(Object.keys(views).length).toBeGreaterThan(3);
    for (const [view, stages] of Object.entries(views)) {
      const exportDir = join(await temporaryFolder(), 'export');
      await exportDataset(await viewOf(dataset, stages.map(parseStage)), { exportDir, exportMedia: false });
      const [made, expected] = [await filesIn(exportDir), await filesIn(join(recorded, view))];
      expect([...made.keys()], view).toEqual([...expected.keys()]);
      for (const [file, content] of expected) {
        expect(withoutLoading((made.get(file) as Buffer).toString()), `${view}/${file}`).toBe(withoutLoading(content.toString()));
      }
    }
  },
);

/** The recording client has loaded the dataset once more. */
function withoutLoading(text: string): string {
  return text.replace(/"last_loaded_at": ({[^}]*}|null), "sample_collection_name"/, '"sample_collection_name"');
}
