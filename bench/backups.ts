import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { MongoClient } from 'mongodb';
import { findMongod } from '../packages/fiftyone/src/database/mongod-binary.js';
import { readSettings } from '../packages/fiftyone/src/settings.js';
import { folderForData, startMongod } from '../packages/fiftyone/test/support/mongod.js';
import { type Measurement, measure, ours, withScript } from './clients.js';
import { addDetections } from './detections-dataset.js';

const SAMPLES = 200_000;
const RUNS = 3;

/** Prints what backups and restores take, and how fast they are beside reading and inserting alone. @returns the exit code */
export async function main([samples = SAMPLES]: readonly (string | number)[]): Promise<number> {
  const { path } = await findMongod(readSettings(), console.error);
  process.env.FIFTYONE_MONGOD = path;
  const server = await startMongod();
  const client = await MongoClient.connect(server.uri);
  const folder = await mkdtemp(join(await folderForData(), 'fiftyone-bench-'));
  const run = async (database: string, ...args: string[]): Promise<Measurement> => {
    const measured = await measure(withScript(ours, 'backup'), args, ours.env(server.port, database));
    if (measured.code !== 0) throw new Error(`${args.join(' ')}: exit code ${measured.code}\n${measured.stderr}`);
    const { wall, cpu, memory, stdout } = measured;
    const numbers = [wall.toFixed(2), cpu.toFixed(2), (memory / 2 ** 20).toFixed(0)];
    console.log(`| ${[args[0], ...args.slice(2), ...numbers, stdout.trim()].join(' | ')} |`);
    return measured;
  };
  const elsewhere = async (...args: string[]) => {
    await client.db('bench-elsewhere').dropDatabase();
    await client.db('admin').command({ fsync: 1 });
    return await run('bench-elsewhere', ...args);
  };
  try {
    await addDetections(client.db('bench-backup'), Number(samples));
    await run('bench-backup', 'create', folder, 'none');
    const [backup, restore]: [number[], number[]] = [[], []];
    // in turn, so that what else the machine does hits all alike
    for (let i = 0; i < RUNS; i++) {
      await rm(join(folder, 'gzip'), { recursive: true, force: true });
      const read = await run('bench-backup', 'read');
      backup.push(read.wall / (await run('bench-backup', 'create', folder, 'gzip')).wall);
      const insert = await elsewhere('insert', join(folder, 'none'));
      restore.push(insert.wall / (await elsewhere('restore', join(folder, 'gzip'))).wall);
    }
    console.log(`\nbackup: ${times(backup)} the speed of reading; restore: ${times(restore)} the speed of inserting`);
    return 0;
  } finally {
    await client.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The middle one, and the others. */
function times(ratios: readonly number[]): string {
  const sorted = [...ratios].sort((a, b) => a - b);
  return `${sorted[sorted.length >> 1]?.toFixed(2)} (${ratios.map((ratio) => ratio.toFixed(2)).join(', ')}) times`;
}
