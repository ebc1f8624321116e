import { rm } from 'node:fs/promises';
import { type Db, MongoClient } from 'mongodb';
import { findMongod } from '../packages/fiftyone/src/database/mongod-binary.js';
import { readSettings } from '../packages/fiftyone/src/settings.js';
import { startMongod } from '../packages/fiftyone/test/support/mongod.js';
import { measure, ours, withScript } from './clients.js';
import { addDetections } from './detections-dataset.js';
import { emptied, exportedDetections } from './exported-detections.js';

const SIZES = [20_000, 200_000, 1_000_000];

/** What is done at each size: a script with its arguments, and the name that it expects the dataset to have. */
const WORK = [
  { title: 'export', script: 'export', args: () => [], dataset: 'detections' },
  { title: '`values` of filepath', script: 'values', args: () => ['filepath'], dataset: 'large' },
  { title: '`values` of labels', script: 'values', args: () => ['ground_truth.detections.label'], dataset: 'large' },
  { title: 'import', script: 'import', args: (samples: number) => [exportedDetections(samples)], dataset: undefined },
];

/** Prints what each kind of work takes at each size. @returns the exit code */
export async function main(args: readonly string[]): Promise<number> {
  const sizes = args.length > 0 ? args.map(Number) : SIZES;
  const { path } = await findMongod(readSettings(), console.error);
  process.env.FIFTYONE_MONGOD = path;
  const server = await startMongod();
  const client = await MongoClient.connect(server.uri);
  console.log('| work | samples | wall s | CPU s | peak MB |\n| --- | --- | --- | --- | --- |');
  try {
    for (const samples of sizes) await grow(client.db('bench-growth'), samples, server.port);
    return 0;
  } finally {
    await client.close();
    await server.stop();
  }
}

async function grow(db: Db, samples: number, port: number): Promise<void> {
  // makes the export that is imported, if there is none yet
  await emptied(db, samples);
  await addDetections(db, samples);
  for (const { title, script, args, dataset } of WORK) {
    if (dataset === undefined) await emptied(db, samples);
    else await db.collection('datasets').updateOne({}, { $set: { name: dataset, slug: dataset } });
    const { code, wall, cpu, memory, stderr } = await measure(
      withScript(ours, script),
      args(samples),
      ours.env(port, db.databaseName),
    );
    if (code !== 0) throw new Error(`${title} of ${samples} samples: exit code ${code}\n${stderr}`);
    const cells = [title, samples.toLocaleString('en'), wall.toFixed(2), cpu.toFixed(2), (memory / 2 ** 20).toFixed(0)];
    console.log(`| ${cells.join(' | ')} |`);
  }
  await rm(exportedDetections(samples), { recursive: true, force: true });
}
