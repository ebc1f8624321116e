import type { Db } from 'mongodb';
import { readDocuments } from '../packages/fiftyone/src/formats/export/read-documents.js';
import { restore, type Snapshot } from '../packages/fiftyone/test/support/snapshot.js';
import { manyCompleteDatasets, manyDatasets, manySmallDatasets } from './databases.js';
import { addDetections } from './detections-dataset.js';
import { emptied, exportedDetections, insertPlain } from './exported-detections.js';
import { addLargeDataset, type LargeDataset } from './large-dataset.js';

/** Fills an empty database. */
export type Fill = (db: Db) => Promise<void>;

/** Work that both clients do. */
export interface Benchmark {
  readonly name: string;
  readonly title: string;
  /** What follows `fiftyone` on the command line, or the script. */
  readonly args: readonly string[];
  /** A script of bench/ that is run with both clients instead of their commands; it says how long its work took. */
  readonly script?: string;
  /** What the database holds; it need not exist if there is none. */
  readonly database?: () => Promise<Fill>;
  /** Ours at other work, instead of the real client. */
  readonly against?: { readonly name: string; readonly args?: readonly string[]; readonly database?: () => Promise<Fill> };
  /** The least that a server has to do for it. */
  readonly plain?: (db: Db) => Promise<unknown>;
  /** Whether the database has to be filled anew before every run. */
  readonly writes?: boolean;
  /** The version that all datasets must have afterwards. */
  readonly migratesTo?: string;
  /** Whether both must print the same. */
  readonly sameOutput?: boolean;
  /** How many pairs of runs at most. */
  readonly runs?: number;
  readonly target?: Target;
}

/** What ours is to reach. */
export interface Target {
  /** At most so many seconds. */
  readonly seconds?: number;
  /** At least so many times as fast as the other one. */
  readonly times?: number;
  /** At most so much peak memory. */
  readonly megabytes?: number;
  /** At most so many times the memory of the other one. */
  readonly timesMemory?: number;
  /** At most so many times as long as `plain`. */
  readonly timesPlain?: number;
}

const BEFORE_0_6_2 = { recorded: 'databases/0.6.0-synth' };

const UP = { args: ['migrate', '--all'], writes: true, migratesTo: '1.22.1' } as const;

export const benchmarks: readonly Benchmark[] = [
  { name: 'version', title: '`fiftyone --version`', args: ['--version'], target: { seconds: 0.15 } },
  {
    name: 'info-25',
    title: '`fiftyone migrate --info`, 25 datasets',
    args: ['migrate', '--info'],
    database: () => restored(manyDatasets('databases/1.22.1-main', 25)),
    sameOutput: true,
    target: { times: 8 },
  },
  {
    name: 'info-1000',
    title: '`fiftyone migrate --info`, 1,000 datasets',
    args: ['migrate', '--info'],
    database: () => restored(manyDatasets('databases/1.22.1-main', 1000)),
    sameOutput: true,
    target: { times: 8 },
  },
  {
    ...UP,
    name: 'all-100',
    title: '`fiftyone migrate --all`, 100 datasets of 17 kinds from 0.14.3 to 1.22.1',
    database: () => restored(manyCompleteDatasets('databases/0.14.3-main', 100)),
  },
  {
    ...UP,
    name: 'all-1000',
    title: '1,000 small datasets from 0.14.3 to 1.22.1',
    database: () => restored(manySmallDatasets(1000)),
    target: { times: 12 },
  },
  {
    name: 'head-10000',
    title: '`fiftyone migrate --all`, 10,000 datasets that are at 1.22.1 already',
    args: ['migrate', '--all'],
    database: () => restored(manyDatasets('databases/1.22.1-main', 10_000)),
    runs: 3,
    target: { seconds: 2 },
  },
  {
    ...UP,
    name: 'samples-200k',
    title: '200,000 samples with 10 detections from 0.14.3 to 1.22.1',
    database: () => large(detections(200_000)),
    plain: setSampleFields,
    runs: 2,
    target: { times: 1.8, timesPlain: 1.6, megabytes: 300 },
  },
  {
    ...UP,
    name: 'polylines-50k',
    title: '50,000 samples with 10 polylines from before 0.6.2 to 1.22.1',
    database: () =>
      large({ ...BEFORE_0_6_2, dataset: 'labels', samples: 50_000, labels: { field: 'polys', list: 'polylines', count: 10 } }),
    runs: 2,
    target: { times: 4, megabytes: 300 },
  },
  {
    ...UP,
    name: 'video-20k',
    title: '100 videos with 20,000 frames from before 0.6.2 to 1.22.1',
    database: () => large({ ...BEFORE_0_6_2, dataset: 'video', samples: 100, frames: 200 }),
    runs: 3,
    target: { times: 4 },
  },
  {
    ...UP,
    name: 'two-workers',
    title: 'two datasets of 50,000 samples, `--concurrency 2` against 1',
    args: [...UP.args, '--concurrency', '2'],
    against: { name: 'ours, one worker', args: [...UP.args, '--concurrency', '1'] },
    database: () => large(detections(50_000), ['first', 'second']),
    runs: 3,
    target: { times: 1.5 },
  },
  {
    ...UP,
    name: 'flat-memory',
    title: `${samplesForMemory().toLocaleString('en')} samples (BENCH_SAMPLES) against 20,000`,
    against: { name: 'ours, 20,000 samples', database: () => large(detections(20_000)) },
    database: () => large(detections(samplesForMemory())),
    runs: 1,
    target: { timesMemory: 1.2 },
  },
  exporting(20_000),
  exporting(samplesOr(200_000)),
  ...[20_000, 200_000].map((samples) => importing(samples)),
  valuesOf('filepath', 'filepath', samplesOr(200_000), 1.5),
  valuesOf('labels', 'gt.detections.label', samplesOr(200_000), 1.5),
  valuesOf('boxes', 'gt.detections.bounding_box', samplesOr(200_000), 4),
  {
    ...settingOf('new', 'list', samplesOr(200_000)),
    plain: setOneByOne,
    target: { times: 1, timesPlain: 1.3 },
  },
  settingOf('keys', 'keys', samplesOr(200_000)),
  settingOf('labels', 'labels', samplesOr(20_000)),
];

function exporting(samples: number): Benchmark {
  return {
    name: `export-${samples / 1000}k`,
    title: `export without media, ${samples.toLocaleString('en')} samples with 10 detections, in the process`,
    script: 'export',
    args: [],
    database: async () => (db) => addDetections(db, samples),
    plain: readAll,
    sameOutput: true,
    runs: 2,
    target: { times: 10, timesPlain: 4, megabytes: 300 },
  };
}

/** What an export is at least: to read the samples. */
async function readAll(db: Db): Promise<void> {
  const dataset = await db.collection('datasets').findOne({});
  for await (const _ of readDocuments(db, { collection: dataset?.sample_collection_name, pipeline: [] }));
}

function valuesOf(name: string, path: string, samples: number, times: number): Benchmark {
  return {
    name: `values-${name}`,
    title: `\`values('${path}')\` of ${samples.toLocaleString('en')} samples with 10 detections, in the process`,
    script: 'values',
    args: [path],
    database: () => large({ ...detections(samples), recorded: 'databases/1.22.1-main' }),
    sameOutput: true,
    runs: 3,
    target: { times },
  };
}

function settingOf(name: string, kind: string, samples: number): Benchmark {
  const what = { list: 'a new field, values in a list', keys: 'a new field, values by id', labels: 'labels of 10 detections' }[
    kind
  ];
  return {
    name: `set-values-${name}`,
    title: `setting ${what}, ${samples.toLocaleString('en')} samples, in the process`,
    script: 'set-values',
    args: [kind],
    database: () => large({ ...detections(samples), recorded: 'databases/1.22.1-main' }),
    writes: true,
    sameOutput: true,
    runs: 2,
    target: { times: 1 },
  };
}

function importing(samples: number): Benchmark {
  return {
    name: `import-${samples / 1000}k`,
    title: `import of ${samples.toLocaleString('en')} samples with 10 detections`,
    args: [exportedDetections(samples)],
    script: 'import',
    database: async () => (db) => emptied(db, samples),
    plain: (db) => insertPlain(db, samples),
    writes: true,
    runs: 2,
    target: { times: 8, timesPlain: 3, megabytes: 300 },
  };
}

function detections(samples: number): LargeDataset {
  const labels = { field: 'gt', list: 'detections', count: 10 };
  return { recorded: 'databases/0.14.3-main', dataset: 'labels', samples, labels };
}

/** A million takes long: only on request. */
function samplesForMemory(): number {
  return samplesOr(200_000);
}

function samplesOr(count: number): number {
  return Number(process.env.BENCH_SAMPLES || count);
}

async function restored(content: Promise<Snapshot>): Promise<Fill> {
  const snapshot = await content;
  return (db) => restore(db, snapshot);
}

async function large(dataset: LargeDataset, names: readonly string[] = ['large']): Promise<Fill> {
  return async (db) => {
    for (const name of names) await addLargeDataset(db, dataset, name);
  };
}

/** What the revisions from 0.14.3 to 1.22.1 write to samples, as one update. */
async function setSampleFields(db: Db): Promise<void> {
  const dataset = await db.collection('datasets').findOne({});
  const set = { _dataset_id: dataset?._id, created_at: { $toDate: '$_id' }, last_modified_at: new Date() };
  await db.collection(dataset?.sample_collection_name).updateMany({}, [{ $set: set }]);
}

/** What setting a field with a value for each sample is at least: as many updates. */
async function setOneByOne(db: Db): Promise<void> {
  const samples = db.collection('samples.large');
  const ids = await samples.find({}, { projection: { _id: 1 } }).toArray();
  const now = new Date();
  for (let i = 0; i < ids.length; i += 10_000) {
    const updates = ids.slice(i, i + 10_000).map(({ _id }, j) => {
      return { updateOne: { filter: { _id }, update: { $set: { plain: (i + j) / 2, last_modified_at: now } } } };
    });
    await samples.bulkWrite(updates, { ordered: false });
  }
}
