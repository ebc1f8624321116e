import { parseArgs } from 'node:util';
import { findMongod } from '../packages/fiftyone/src/database/mongod-binary.js';
import { readSettings } from '../packages/fiftyone/src/settings.js';
import { startMongod } from '../packages/fiftyone/test/support/mongod.js';
import type { Findings } from './experiment.js';
import { experiments } from './experiments.js';

/** Runs the experiments that are named, or all, and prints what they found. @returns the exit code */
export async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    options: { rounds: { type: 'string' }, seed: { type: 'string', default: '1' }, verbose: { type: 'boolean' } },
    allowPositionals: true,
  });
  const unknown = positionals.filter((name) => !experiments.some((experiment) => experiment.name === name));
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (unknown.length > 0 || !(rounds === undefined || rounds >= 1) || !Number.isInteger(Number(values.seed))) {
    const names = experiments.map(({ name }) => name).join(' ');
    console.error(`usage: npm run reliability [-- NAME...] [-- --rounds N] [-- --seed N] [-- --verbose]\nthere are: ${names}`);
    return 2;
  }
  process.env.FIFTYONE_MONGOD = (await findMongod(readSettings(), console.error)).path;
  const rows: string[][] = [];
  let wrong = 0;
  for (const experiment of experiments.filter(({ name }) => positionals.length === 0 || positionals.includes(name))) {
    console.error(`\n${experiment.title}`);
    const begun = performance.now();
    const findings = await found(experiment.run, {
      rounds: rounds ?? experiment.rounds,
      seed: Number(values.seed),
      abreast: experiment.abreast,
      tell: values.verbose ? (line) => console.error(`  ${line}`) : () => {},
    });
    for (const line of findings.differences.slice(0, values.verbose ? undefined : 20)) console.error(`  WRONG: ${line}`);
    if (findings.leftOut) console.error(`  LEFT OUT: ${findings.leftOut}`);
    wrong += findings.differences.length;
    const seconds = Math.round((performance.now() - begun) / 1000);
    rows.push([experiment.title, pointsOf(findings), String(findings.differences.length), String(seconds)]);
    console.error(`  ${pointsOf(findings)}; differences: ${findings.differences.length}; ${seconds} s`);
  }
  const head = ['what', 'how often', 'differences', 'seconds'];
  console.log(
    `\nseed ${values.seed}\n\n${[head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')}`,
  );
  return wrong > 0 ? 1 : 0;
}

type Run = (typeof experiments)[number]['run'];

/** On a server of its own, so that one experiment cannot spoil the next; what throws is a difference. */
async function found(run: Run, conditions: Omit<Parameters<Run>[0], 'server'>): Promise<Findings> {
  const server = await startMongod();
  try {
    return await run({ ...conditions, server });
  } catch (error) {
    return { points: 'did not end', differences: [(error as Error).stack ?? String(error)] };
  } finally {
    await server.stop();
  }
}

function pointsOf({ points, leftOut }: Findings): string {
  return leftOut === undefined ? points : `${points}. Left out: ${leftOut}`;
}
