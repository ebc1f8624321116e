import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import { type Db, MongoClient } from 'mongodb';
import { findMongod } from '../packages/fiftyone/src/database/mongod-binary.js';
import { readSettings } from '../packages/fiftyone/src/settings.js';
import { startMongod } from '../packages/fiftyone/test/support/mongod.js';
import { type Benchmark, benchmarks, type Fill } from './benchmarks.js';
import { type Client, type Measurement, measure, ours, real, versions, withScript } from './clients.js';
import { type Pair, table } from './table.js';

/** Runs the benchmarks that are named, or all, and prints the table. @returns the exit code */
export async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { runs: { type: 'string', default: '7' } },
    allowPositionals: true,
  });
  const runs = Number(values.runs);
  const unknown = positionals.filter((name) => !benchmarks.some((benchmark) => benchmark.name === name));
  if (unknown.length > 0 || !(runs >= 1)) {
    const names = benchmarks.map((benchmark) => benchmark.name).join(' ');
    console.error(`usage: npm run bench [-- --runs N] [-- NAME...]\nthere are: ${names}`);
    return 2;
  }
  const chosen = benchmarks.filter((benchmark) => positionals.length === 0 || positionals.includes(benchmark.name));
  const { path, version } = await findMongod(readSettings(), console.error);
  process.env.FIFTYONE_MONGOD = path;
  const server = await startMongod();
  const client = await MongoClient.connect(server.uri);
  try {
    const results: { benchmark: Benchmark; pairs: Pair[] }[] = [];
    for (const benchmark of chosen) results.push({ benchmark, pairs: await pairsOf(benchmark, client, server.port, runs) });
    const machine = [`${cpus().length} cores`, `${Math.round(totalmem() / 2 ** 30)} GB`, ...versions(), `MongoDB ${version}`];
    console.log(`\n${machine.join(', ')}; at most ${runs} pairs of runs after a warm-up\n\n${table(results)}`);
    return 0;
  } finally {
    await client.close();
    await server.stop();
  }
}

/** The real client, or ours at other work, and ours in turn, so that what else the machine does hits both alike. */
async function pairsOf(benchmark: Benchmark, client: MongoClient, port: number, runs: number): Promise<Pair[]> {
  console.error(`\n${benchmark.title}`);
  const db = client.db(`bench-${benchmark.name}`);
  const fillWith = async (content: Fill | undefined) => {
    if (content === undefined) return;
    await db.dropDatabase();
    await content(db);
    // what the server has yet to write to disk would be counted for the next process
    await db.admin().command({ fsync: 1 });
  };
  const content = await benchmark.database?.();
  const { against } = benchmark;
  const contentOfOther = against?.database ? await against.database() : content;
  const other = against ? { ...ours, name: against.name } : real;
  const run = async (one: Client, args: readonly string[], env: Record<string, string>, filling: Fill | undefined) => {
    if (benchmark.writes) await fillWith(filling);
    const client = benchmark.script === undefined ? one : withScript(one, benchmark.script);
    const measurement = await measure(client, args, env);
    await check(benchmark, one, measurement, db);
    return measurement;
  };
  const plain = async () => {
    if (benchmark.plain === undefined) return undefined;
    await fillWith(content);
    const begun = performance.now();
    await benchmark.plain(db);
    return (performance.now() - begun) / 1000;
  };
  await fillWith(content);
  const [envOfOther, envOfOurs] = [other.env(port, db.databaseName), ours.env(port, db.databaseName)];
  const pairs: Pair[] = [];
  for (let i = 0; i <= Math.min(runs, benchmark.runs ?? runs); i++) {
    const pair = {
      other: await run(other, against?.args ?? benchmark.args, envOfOther, contentOfOther),
      ours: await run(ours, benchmark.args, envOfOurs, content),
      plain: await plain(),
    };
    if (benchmark.sameOutput && pair.other.stdout !== pair.ours.stdout)
      throw new Error(`the outputs differ:\n${pair.other.stdout}\n${pair.ours.stdout}`);
    const said = `${other.name} ${pair.other.wall.toFixed(2)} s, ours ${pair.ours.wall.toFixed(2)} s`;
    const least = pair.plain === undefined ? '' : `, the plain way ${pair.plain.toFixed(2)} s`;
    console.error(`  ${i === 0 ? 'warm-up' : `pair ${i}`}: ${said}${least}, ours ${(pair.ours.memory / 2 ** 20).toFixed(0)} MB`);
    if (i > 0) pairs.push(pair);
  }
  await db.dropDatabase();
  return pairs;
}

async function check(
  { args, migratesTo }: Benchmark,
  { name }: Client,
  { code, stdout, stderr }: Measurement,
  db: Db,
): Promise<void> {
  const failed = (why: string) => new Error(`${name}: ${args.join(' ')}: ${why}\n${stdout}${stderr}`);
  if (code !== 0) throw failed(`exit code ${code}`);
  if (migratesTo === undefined) return;
  const left = await db.collection('datasets').countDocuments({ version: { $ne: migratesTo } });
  if (left > 0) throw failed(`${left} datasets are not at ${migratesTo}`);
}
