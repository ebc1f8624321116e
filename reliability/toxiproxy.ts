import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../packages/fiftyone/test/support/mongod.js';
import { type Conditions, type Findings, inRounds } from './experiment.js';
import { runOver } from './network.js';
import { seededRandom } from './random.js';
import { recordedScenario } from './scenario.js';

const VERSION = 'v2.9.0';

/** What toxiproxy does to a connection, e.g. cuts it after so many bytes. */
interface Toxic {
  readonly type: string;
  readonly stream: 'upstream' | 'downstream';
  readonly attributes: Readonly<Record<string, number>>;
}

/**
 * The same by toxiproxy, a proxy that others made for this: connections that are cut after a random number of bytes or
 * milliseconds, slow ones, and messages in small pieces.
 */
export async function toxics({ server, rounds, abreast, seed, tell }: Conditions): Promise<Findings> {
  const program = findProgram();
  if (program === undefined) {
    return { points: 'not done', differences: [], leftOut: 'toxiproxy-server is not installed, and there is no Go to build it' };
  }
  const port = await freePort();
  const process = spawn(program, ['-host', '127.0.0.1', '-port', String(port)], { stdio: 'ignore' });
  try {
    await answering(port, process);
    const scenario = await recordedScenario(server.uri, '0.18.0-main', '1.22.1');
    const random = seededRandom(seed);
    const plans = Array.from({ length: rounds }, (_, i) => toxicOf(i, random));
    let failed = 0;
    const found = await inRounds(rounds, abreast, async (i) => {
      const toxic = plans[i] as Toxic;
      const { first, lines } = await runOver(scenario, server.uri, () =>
        openProxy(port, `way-${i}`, new URL(server.uri).host, toxic),
      );
      if (first.code !== 0) failed++;
      tell(`${JSON.stringify(toxic)}: exit code ${first.code}, ${lines.length} differences`);
      return lines.map((line) => `${JSON.stringify(toxic)}: ${line}`);
    });
    return { points: `${rounds} bad ways, ${failed} of which ended the command`, differences: found.flat() };
  } finally {
    process.kill();
  }
}

function toxicOf(i: number, random: () => number): Toxic {
  const stream = random() < 0.5 ? 'upstream' : 'downstream';
  const toxics: Toxic[] = [
    { type: 'limit_data', stream, attributes: { bytes: Math.floor(2000 + random() ** 2 * 300_000) } },
    { type: 'reset_peer', stream, attributes: { timeout: Math.floor(300 + random() * 3000) } },
    { type: 'latency', stream, attributes: { latency: 20, jitter: 15 } },
    { type: 'slicer', stream, attributes: { average_size: 500, size_variation: 400, delay: 200 } },
  ];
  // two of three rounds cut
  return toxics[i % 3 < 2 ? i % 3 : 2 + (Math.floor(i / 3) % 2)] as Toxic;
}

async function openProxy(port: number, name: string, upstream: string, toxic: Toxic) {
  const { listen } = (await call(port, '/proxies', { name, listen: '127.0.0.1:0', upstream, enabled: true })) as {
    listen: string;
  };
  await call(port, `/proxies/${name}/toxics`, { ...toxic, toxicity: 1 });
  const close = async () => void (await fetch(`http://127.0.0.1:${port}/proxies/${name}`, { method: 'DELETE' }));
  return { way: `mongodb://${listen}/?directConnection=true`, close };
}

async function call(port: number, path: string, body: object): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`toxiproxy: ${response.status} ${await response.text()}`);
  return await response.json();
}

async function answering(port: number, process: ChildProcess): Promise<void> {
  while (process.exitCode === null) {
    if (
      await fetch(`http://127.0.0.1:${port}/version`).then(
        ({ ok }) => ok,
        () => false,
      )
    )
      return;
    await sleep(50);
  }
  throw new Error('toxiproxy-server did not start');
}

/** The installed program, or one that Go builds once. */
function findProgram(): string | undefined {
  const path = (process.env.PATH ?? '').split(delimiter);
  const installed = path.map((folder) => join(folder, 'toxiproxy-server')).find((file) => existsSync(file));
  if (installed !== undefined) return installed;
  const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'fiftyone', `toxiproxy-${VERSION}`);
  const built = join(folder, 'server');
  if (existsSync(built)) return built;
  try {
    mkdirSync(folder, { recursive: true });
    const env = { ...process.env, GOBIN: folder };
    execFileSync('go', ['install', `github.com/Shopify/toxiproxy/v2/cmd/server@${VERSION}`], { env, stdio: 'pipe' });
    return built;
  } catch {
    return undefined;
  }
}
