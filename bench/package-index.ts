import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { pino } from 'pino';
import { openPackageIndex, readIndexSettings } from '../packages/deployment/src/index/package-index.js';
import { indexProcess } from '../packages/deployment/test/index/support/dying-index.js';
import { tinyWheel } from '../packages/deployment/test/index/support/tiny-wheel.js';
import { findMongod } from '../packages/fiftyone/src/database/mongod-binary.js';
import { localStore } from '../packages/fiftyone/src/media/index.js';
import { readSettings } from '../packages/fiftyone/src/settings.js';
import { freePort, startMongod } from '../packages/fiftyone/test/support/mongod.js';

const VERSIONS = ['1.0', '1.1', '2.0'];
const TOKEN = 'a-token-of-the-benchmark';
const CONNECTIONS = 16;
const ROUND_MS = 5000;
const ROUNDS = 3;

interface Target {
  readonly title: string;
  readonly url: string;
  readonly headers: Record<string, string>;
}

/** Prints requests per second and latencies of both, in turns. @returns the exit code: 1 if ours is not three times as fast */
export async function main([count = '1000']: readonly string[]): Promise<number> {
  const { path } = await findMongod(readSettings(), console.error);
  process.env.FIFTYONE_MONGOD = path;
  const server = await startMongod();
  const folder = await mkdtemp(join(tmpdir(), 'fiftyone-bench-index-'));
  const client = await MongoClient.connect(server.uri);
  const stops: (() => Promise<unknown>)[] = [];
  try {
    const projects = Array.from({ length: Number(count) }, (_, i) => `project-${i}`);
    await fill(client, folder, projects);
    const index = await indexProcess(server.uri, 'bench-index', join(folder, 'store'), TOKEN);
    stops.push(index.kill);
    const authorization = `Basic ${Buffer.from(`${TOKEN}:`).toString('base64')}`;
    const targets: Target[] = [{ title: 'ours, with a token', url: index.url, headers: { authorization } }];
    const other = await pypiserver(join(folder, 'wheels'));
    stops.push(other.stop);
    targets.push({ title: 'pypiserver, without', url: other.url, headers: {} });

    const rates = new Map<string, number[]>();
    console.log('| index | requests/s | p50 ms | p99 ms | errors |\n| --- | --- | --- | --- | --- |');
    for (let round = 0; round < ROUNDS; round++) {
      for (const target of targets) {
        const { rate, p50, p99, errors } = await load(target, projects);
        rates.set(target.title, [...(rates.get(target.title) ?? []), rate]);
        console.log(`| ${target.title} | ${rate.toFixed(0)} | ${p50.toFixed(1)} | ${p99.toFixed(1)} | ${errors} |`);
      }
    }
    const [ours = 0, theirs = 1] = targets.map(({ title }) => median(rates.get(title) as number[]));
    console.log(`\nours / pypiserver: ${(ours / theirs).toFixed(1)}× (target: 3×)`);
    return ours >= 3 * theirs ? 0 : 1;
  } finally {
    for (const stop of stops) await stop();
    await client.close();
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function fill(client: MongoClient, folder: string, projects: readonly string[]): Promise<void> {
  const wheels = join(folder, 'wheels');
  await mkdir(wheels);
  const { verbs } = await openPackageIndex({
    db: client.db('bench-index'),
    files: { store: localStore(join(folder, 'store')), prefix: '' },
    tokens: { check: async () => 'unknown', used: async () => {} },
    audit: async () => {},
    log: pino({ level: 'silent' }),
    settings: { ...readIndexSettings({}), upstream: undefined, npmUpstream: undefined, ownNames: projects },
  });
  for (const name of projects) {
    await Promise.all(
      VERSIONS.map(async (version) => {
        const { fileName, bytes } = await tinyWheel({ name, version });
        await writeFile(join(wheels, fileName), bytes);
        await verbs.add(join(wheels, fileName), 'the benchmark');
      }),
    );
  }
}

async function pypiserver(wheels: string): Promise<{ url: string; stop: () => Promise<void> }> {
  const port = await freePort();
  const program = process.env.PYPISERVER ?? 'pypi-server';
  const args = [
    'run',
    '-i',
    '127.0.0.1',
    '-p',
    String(port),
    '-P',
    '.',
    '-a',
    '.',
    '--disable-fallback',
    '--backend',
    'cached-dir',
    wheels,
  ];
  const child: ChildProcess = spawn(program, args, { stdio: 'ignore' });
  const failed = new Promise<never>((_, reject) => {
    child.once('error', () =>
      reject(new Error('PYPISERVER must name the program pypi-server: pip install pypiserver waitress watchdog')),
    );
  });
  const url = `http://127.0.0.1:${port}`;
  const up = async () => {
    while (
      !(await fetch(`${url}/simple/project-0/`).then(
        ({ ok }) => ok,
        () => false,
      ))
    )
      await sleep(200);
  };
  await Promise.race([up(), failed]);
  return { url, stop: async () => void child.kill() };
}

/** Asks for pages of projects, one after the other on each of several connections. */
async function load({ url, headers }: Target, projects: readonly string[]) {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const times: number[] = [];
  let errors = 0;
  let next = 0;
  const started = performance.now();
  const until = started + ROUND_MS;
  const one = () =>
    new Promise<void>((resolve) => {
      const begun = performance.now();
      // a step that has no divisor with the number of projects, so that all have their turn
      next = (next + 617) % projects.length;
      const done = (isGood: boolean) => {
        if (isGood) times.push(performance.now() - begun);
        else errors++;
        resolve();
      };
      get(`${url}/simple/${projects[next]}/`, { agent, headers }, (answer) => {
        answer.resume().once('end', () => done(answer.statusCode === 200));
      }).once('error', () => done(false));
    });
  const connection = async () => {
    while (performance.now() < until) await one();
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  const seconds = (performance.now() - started) / 1000;
  agent.destroy();
  times.sort((a, b) => a - b);
  const at = (part: number) => times[Math.floor(times.length * part)] ?? Number.NaN;
  return { rate: times.length / seconds, p50: at(0.5), p99: at(0.99), errors };
}

function median(numbers: readonly number[]): number {
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] as number;
}
