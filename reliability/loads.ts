import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { JOURNAL } from '../packages/fiftyone/src/migrations/journal.js';
import { startFiftyone } from '../packages/fiftyone/test/support/command.js';
import { readDump } from '../packages/fiftyone/test/support/dump.js';
import { type Conditions, type Findings, inRounds } from './experiment.js';
import { withPatient, words } from './scenario.js';

const PROCESSES = 10;
const SDK = fileURLToPath(new URL('../packages/fiftyone/dist/index.js', import.meta.url));
const LOAD = `
  const { close, loadDataset } = await import(${JSON.stringify(SDK)});
  console.log((await loadDataset('labels')).version);
  await close();`;

/** Ten processes load an old dataset at once: each gets it at its new version, and one of them upgrades it. */
export async function loads({ server, rounds, abreast }: Conditions): Promise<Findings> {
  const input = await readDump('databases/0.18.0-main');
  const found = await inRounds(rounds, abreast, (i) =>
    withPatient(server.uri, input, async ({ db, settings }) => {
      // the database alone: its datasets are upgraded when they are loaded
      const alone = await startFiftyone(['migrate', '-v', '1.22.1'], settings).result;
      const user = { ...settings, FIFTYONE_DATABASE_ADMIN: 'false' };
      const answers = await Promise.all(Array.from({ length: PROCESSES }, () => load(user)));
      const upgrades = await db.collection(JOURNAL).countDocuments({ kind: 'dataset', result: 'migrated' });
      const wrong = [
        ...(alone.code === 0 ? [] : [words(alone)]),
        ...answers.filter((answer) => answer !== '1.22.1').map((answer) => `a process got ${answer}`),
        ...(upgrades === 1 ? [] : [`${upgrades} processes upgraded it`]),
      ];
      return wrong.map((line) => `round ${i + 1}: ${line}`);
    }),
  );
  return { points: `${rounds} times ${PROCESSES} processes`, differences: found.flat() };
}

/** The version of the dataset that a process loaded, or what went wrong in it. */
function load(settings: Record<string, string>): Promise<string> {
  const env = { PATH: process.env.PATH as string, HOME: '/nonexistent', ...settings };
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', LOAD], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    child.once('error', reject);
    child.once('close', () => resolve(output.trim()));
  });
}
