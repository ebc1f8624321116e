import { expect, inject, test } from 'vitest';
import { manyCompleteDatasets } from '../../../bench/databases.js';
import { withPatient } from '../../../reliability/scenario.js';
import type { MigrationReport } from '../src/migrations/report.js';
import { fiftyone } from './support/command.js';

test('runs that are started together share the datasets, and each reports its part', async () => {
  const input = await manyCompleteDatasets('databases/0.14.3-main', 30);
  await withPatient(inject('mongodbUri'), input, async ({ settings }) => {
    const results = await Promise.all([1, 2, 3].map(() => fiftyone(['migrate', '--all', '--json'], settings)));
    expect(results.map(({ code, stderr }) => ({ code, stderr }))).toEqual(Array(3).fill({ code: 0, stderr: '' }));
    const reports = results.map(({ stdout }) => JSON.parse(stdout) as MigrationReport);
    const names = (report: MigrationReport) =>
      report.datasets.flatMap(({ name, result }) => (result === 'migrated' ? [name as string] : []));
    const migrated = reports.flatMap(names);
    expect(migrated.length).toBe(30);
    expect(new Set(migrated).size).toBe(30);
    for (const { datasets } of reports)
      for (const { result, from, to, byOthers, reasons } of datasets) {
        expect(to).toBe('1.22.1');
        if (result === 'migrated') continue;
        expect(result).toBe('unchanged');
        // one that had been finished before this run looked for the first time is nothing to speak of
        if (byOthers)
          expect(reasons).toEqual([expect.stringMatching(/^migrated by (\S+ on \S+ \(process \d+\)|somebody else) meanwhile$/)]);
        else expect(from).toBe('1.22.1');
      }
  });
});
