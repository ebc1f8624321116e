import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Db, MongoClient } from 'mongodb';
import { findMongod } from '../packages/fiftyone/src/database/mongod-binary.js';
import { readSettings } from '../packages/fiftyone/src/settings.js';
import { startProgram } from '../packages/fiftyone/test/support/command.js';
import { startMongod } from '../packages/fiftyone/test/support/mongod.js';
import { restore } from '../packages/fiftyone/test/support/snapshot.js';
import { manyDatasets } from './databases.js';

const PROGRAM = fileURLToPath(new URL('../packages/migrator/bin/fiftyone-migrator.js', import.meta.url));
const DATASETS = 10_000;

/** How many of them have a collection: the server keeps two files open for each, and may not have more than 20,000. */
const COLLECTIONS = 4_000;

/** What is to be reached, in seconds. */
const TARGETS: Readonly<Record<string, number>> = { status: 2 };

/** Measures commands that look at a deployment with many datasets. @returns the exit code */
export async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({ args: [...args], options: { runs: { type: 'string', default: '5' } } });
  const { path, version } = await findMongod(readSettings(), console.error);
  process.env.FIFTYONE_MONGOD = path;
  const server = await startMongod();
  const client = await MongoClient.connect(server.uri);
  try {
    const db = client.db('fiftyone');
    await restore(db, await manyDatasets('databases/1.22.1-main', DATASETS));
    await makeCollections(db);
    const env = {
      ...{ CAS_DATABASE_URI: server.uri, CAS_DATABASE_NAME: 'cas' },
      ...{ FIFTYONE_DATABASE_URI: server.uri, FIFTYONE_DATABASE_NAME: 'fiftyone', FIFTYONE_DATABASE_ADMIN: 'true' },
    };
    console.log(`${cpus().length} cores, Node ${process.versions.node}, MongoDB ${version}; ${DATASETS} datasets\n`);
    console.log('| command | wall s: median (least–most) | target |\n| --- | --- | --- |');
    for (const state of ['before other services are there', 'after']) {
      for (const command of ['status', 'plan', 'doctor']) {
        const seconds: number[] = [];
        for (let i = 0; i <= Number(values.runs); i++) {
          const begun = performance.now();
          const { code, stderr } = await startProgram(PROGRAM, [command], env).result;
          if (code !== 0) throw new Error(`${command} ended with ${code}: ${stderr}`);
          if (i > 0) seconds.push((performance.now() - begun) / 1000);
        }
        seconds.sort((a, b) => a - b);
        const median = seconds[seconds.length >> 1] as number;
        const target = TARGETS[command];
        const verdict = target === undefined ? '' : `≤ ${target} s: ${median <= target ? 'met' : 'MISSED'}`;
        const spread = `${seconds[0]?.toFixed(2)}–${seconds.at(-1)?.toFixed(2)}`;
        console.log(`| \`fiftyone-migrator ${command}\`, ${state} | ${median.toFixed(2)} (${spread}) | ${verdict} |`);
      }
      const { code, stderr } = await startProgram(PROGRAM, ['migrate', '--no-backup'], env).result;
      if (code !== 0) throw new Error(stderr);
    }
    return 0;
  } finally {
    await client.close();
    await server.stop();
  }
}

async function makeCollections(db: Db): Promise<void> {
  const docs = await db
    .collection('datasets')
    .find({}, { projection: { sample_collection_name: 1 } })
    .toArray();
  const names = docs.slice(0, COLLECTIONS).map((doc) => String(doc.sample_collection_name));
  for (let i = 0; i < names.length; i += 16) {
    await Promise.all(names.slice(i, i + 16).map((name) => db.createCollection(name)));
  }
}
