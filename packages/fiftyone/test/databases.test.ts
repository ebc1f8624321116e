import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { datasetOf, idsOf, partOf, withDataset, without } from './support/dataset-parts.js';
import { differences } from './support/differences.js';
import { type Dump, readDump } from './support/dump.js';
import { freshDatabase } from './support/fresh-database.js';
import { declareKeypoints } from './support/keypoints-field.js';
import { type Migrated, migrated } from './support/migrated.js';
import type { Snapshot } from './support/snapshot.js';
import { TINY_PARTS } from './support/tiny-parts.js';

const FOLDER = new URL('fixtures/databases/', import.meta.url);
const TARGET = '1.22.1';
const EXPECTED = `.expected-${TARGET}.tar.gz`;

/** What the real client did to a dataset that gave it trouble, see the README of the fixtures. */
interface Affected {
  readonly defects: readonly string[];
}
const affected: Record<string, Record<string, Affected>> = JSON.parse(readFileSync(new URL('affected.json', FOLDER), 'utf8'));

const names = readdirSync(FOLDER).flatMap((file) => (file.endsWith(EXPECTED) ? [file.slice(0, -EXPECTED.length)] : []));

test('there are recorded databases of all ages', () => {
  expect(names.length).toBe(30);
});

test.each(names)('%s becomes what the real client makes of it, or better where that fails', async (name) => {
  const input = await readDump(`databases/${name}`);
  const recorded = await readDump(`databases/${name}.expected-${TARGET}`);
  const run = await migrated(await freshDatabase(input), { target: TARGET, partSizes: TINY_PARTS });

  const withDefect = (...defects: string[]) =>
    idsOf(
      input,
      Object.entries(affected[name] ?? {}).flatMap(([dataset, about]) =>
        about.defects.some((defect) => defects.includes(defect)) ? [dataset] : [],
      ),
    );
  const finished = withDefect('F4', 'F6', 'F7');
  const refused = withDefect('F16');
  const others = [...finished, ...refused];
  const compare = (expected: Snapshot, actual: Snapshot, { window }: Dump): string[] =>
    differences(expected, actual, { base: input, windows: { expected: window, actual: run.window } });
  const expected = withDefect('F3').reduce((snapshot, id) => withDataset(snapshot, id, declareKeypoints), recorded as Snapshot);

  expect(failures(run)).toEqual(refused.map((id) => datasetOf(input, id).get('name')));
  expect(compare(without(expected, others), without(run.result, others), recorded)).toEqual([]);
  expect(compare(partOf(input, refused), partOf(run.result, refused), input)).toEqual([]);
  if (finished.length > 0) {
    expect(renamedAlike(input, run, finished)).toEqual([]);
    const mended = await readDump(`databases/${name}.mended-${TARGET}`);
    // the mending of F7, which ours does not need
    const wanted = withDefect('F7').reduce(
      (snapshot, id) => withDataset(snapshot, id, (dataset) => dataset.delete('media_type')),
      mended as Snapshot,
    );
    const result = withNamesOf(mended, run.result, finished);
    expect(compare(partOf(wanted, finished), partOf(result, finished), mended)).toEqual([]);
  }
});

/** The datasets that failed; with the reasons, unless a refusal was to be expected. */
function failures({ report }: Migrated): (string | null)[] {
  return report.datasets.flatMap(({ result, name, reasons }) =>
    result !== 'failed' ? [] : reasons.every((reason) => /created_at/.test(reason)) ? [name] : [`${name}: ${reasons.join('; ')}`],
  );
}

/** What is wrong with the names that datasets got whose own could not stay. */
function renamedAlike(input: Dump, { report, result }: Migrated, ids: readonly string[]): string[] {
  return ids.flatMap((id) => {
    const before = datasetOf(input, id).get('name') as string;
    const name = datasetOf(result, id).get('name') as string;
    const reported = report.datasets.find((outcome) => outcome.name === name)?.renamedFrom;
    if (name === before) return reported === undefined ? [] : [`${name} is reported as renamed`];
    const time = String.raw`\d{4}(\.\d\d){5}(\.\d{6})?`;
    const pattern = /[a-z0-9]/i.test(before) ? `-RENAMED-${time}$` : `^${time}$`;
    const slug = datasetOf(result, id).get('slug');
    return [
      ...(new RegExp(pattern).test(name) ? [] : [`${before} is now called ${name}`]),
      ...(reported === before ? [] : [`that ${before} is now called ${name} is not reported`]),
      ...(slug === name.toLowerCase().replaceAll('.', '-') ? [] : [`${name} has the slug ${String(slug)}`]),
    ];
  });
}

/** The recording of what "finished" means was made under other names. */
function withNamesOf(mended: Snapshot, result: Snapshot, ids: readonly string[]): Snapshot {
  return ids.reduce((snapshot, id) => {
    const { name, slug } = Object.fromEntries(datasetOf(mended, id)) as { name: string; slug: string };
    return withDataset(snapshot, id, (dataset) => dataset.set('name', name).set('slug', slug));
  }, result);
}
