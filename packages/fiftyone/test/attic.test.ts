import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { datasetsOf } from './support/dataset-parts.js';
import { differences } from './support/differences.js';
import { readDump } from './support/dump.js';
import { freshDatabase } from './support/fresh-database.js';
import { migrated } from './support/migrated.js';
import { snapshot } from './support/snapshot.js';

/** `EVERY_WAY=1` tries all releases, otherwise some for each database. */
const EVERY = process.env.EVERY_WAY === '1';
const RELEASES = [
  '0.6.0',
  '0.6.2',
  '0.7.1',
  '0.7.3',
  '0.8.0',
  '0.11.2',
  '0.14.3',
  '0.15.1',
  '0.17.2',
  '0.18.0',
  '0.19.1',
  '0.22.3',
  '1.0.2',
  '1.12.0',
];

const FOLDER = new URL('fixtures/databases/', import.meta.url);
const names = readdirSync(FOLDER).flatMap((file) =>
  /^[^.]*\.\d+\.\d+-\w+\.tar\.gz$/.test(file) ? [file.slice(0, -'.tar.gz'.length)] : [],
);

function targetsOf(name: string): string[] {
  const version = name.slice(0, name.indexOf('-'));
  const older = RELEASES.filter((release) => release.localeCompare(version, 'en', { numeric: true }) < 0);
  return EVERY ? older : older.filter((_, i) => (i + name.length) % 6 === 0);
}

test.each(names.flatMap((name) => targetsOf(name).map((target) => [name, target] as const)))(
  '%s to %s and up again is what it was',
  async (name, target) => {
    const input = await readDump(`databases/${name}`);
    const database = await freshDatabase(input);
    const [version] = datasetsOf(input).map((dataset) => dataset.get('version'));
    await migrated(database, { target });
    const { report } = await migrated(database, { target: (version ?? '0.6.0') as string });
    expect(report.datasets.flatMap(({ name, reasons, result }) => (result === 'failed' ? [{ name, reasons }] : []))).toEqual([]);
    const after = await snapshot(database.db);
    // databases of those times had no version, and get one
    if (!input.collections.has('config')) (after.collections as Map<string, unknown>).delete('config');
    expect(differences(input, after)).toEqual([]);
  },
);
