import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { listeningPorts, parentOf, serverOf } from '../src/database/folder-server.js';
import { readKeeperState } from '../src/database/keeper-state.js';
import { isAlive } from '../src/database/lock-file.js';
import { registration } from '../src/database/python-service.js';

/** A program that opens the database, prints what came of it, and closes it when it is told to. */
const CLIENT = `
  const [settings, embedded] = await Promise.all(['settings', 'database/embedded'].map((name) => import(process.argv[1] + name + '.js')));
  process.on('SIGINT', () => {});
  try {
    const database = await embedded.openEmbedded(settings.readSettings());
    console.log(JSON.stringify({ uri: database.uri }));
    process.stdin.once('data', async () => {
      await database.close();
      process.exit();
    });
  } catch (error) {
    console.log(JSON.stringify({ error: { name: error.name, message: error.message, hint: error.hint } }));
  }`;

/** The same command line as that of the process that starts the server of a Python client, and what it answers. */
const PYTHON_SERVICE = `
  const mongod = require('node:child_process').spawn(process.argv[5], process.argv.slice(6), { stdio: 'ignore' });
  const server = require('node:net').createServer((socket) => socket.once('data', (data) => {
    console.log(data.toString('hex'));
    socket.end(Buffer.from([0x80, 4, 0x88, 0x2e]));
  }));
  server.listen(0, '127.0.0.1');
  process.on('SIGTERM', () => mongod.kill());
  mongod.on('exit', () => process.exit());`;

const program = process.env.FIFTYONE_MONGOD as string;
const started: ChildProcess[] = [];
let home: string;
let folder: string;

beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'fiftyone-test-embedded-')));
  folder = join(home, 'db');
});

afterEach(async () => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  for (const place of [folder, join(home, '.fiftyone', 'var', 'lib', 'mongo')]) {
    const state = await readKeeperState(place);
    if (state) signal(state.pid, 'SIGTERM');
    const server = await serverOf(place);
    if (server) signal(server.pid, 'SIGTERM');
    await eventually(async () => (await serverOf(place)) === undefined);
  }
  rmSync(home, { recursive: true, maxRetries: 5 });
});

interface Result {
  readonly uri?: string;
  readonly error?: { readonly name: string; readonly message: string; readonly hint?: string };
}

interface Client {
  readonly pid: number;
  readonly result: Promise<Result>;
  /** Lets it close the database and end. */
  end(): Promise<void>;
  kill(signal: NodeJS.Signals): void;
}

function client(env: Record<string, string> = {}): Client {
  const sdk = new URL('../dist/', import.meta.url).href;
  const child = spawn(process.execPath, ['--input-type=module', '-e', CLIENT, sdk], {
    env: { PATH: process.env.PATH, HOME: home, FIFTYONE_MONGOD: program, FIFTYONE_DATABASE_DIR: folder, ...env },
    // A group of its own, as a shell gives to each command.
    detached: true,
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  started.push(child);
  const ended = once(child, 'exit');
  return {
    pid: child.pid as number,
    result: firstLine(child).then((line) => JSON.parse(line) as Result),
    end: async () => {
      child.stdin?.write('end\n');
      await ended;
    },
    kill: (name) => process.kill(-(child.pid as number), name),
  };
}

async function firstLine(child: ChildProcess): Promise<string> {
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const [line] = await Promise.race([once(lines, 'line'), once(lines, 'close')]);
  if (line === undefined) throw new Error('the process ended without a word');
  return line;
}

async function eventually(condition: () => Promise<boolean> | boolean, seconds = 20): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not so within ${seconds} s: ${condition}`);
    await sleep(50);
  }
}

function signal(pid: number, name: NodeJS.Signals): void {
  if (isAlive(pid)) process.kill(pid, name);
}

async function serverPid(place = folder): Promise<number> {
  return (await serverOf(place))?.pid as number;
}

async function answers(uri: string): Promise<boolean> {
  const mongo = new MongoClient(uri, { serverSelectionTimeoutMS: 2_000 });
  try {
    return (await mongo.db('admin').command({ ping: 1 })).ok === 1;
  } finally {
    await mongo.close();
  }
}

/** The number of the process of a server that is started without this SDK, once it listens. */
async function startByHand(path: string, args: string[]): Promise<ChildProcess> {
  mkdirSync(folder);
  const child = spawn(path, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  started.push(child);
  await eventually(async () => (await serverOf(folder))?.port !== undefined);
  return child;
}

test('two processes share one server, which stays until the last is gone and no longer', async () => {
  const first = client();
  const { uri } = await first.result;
  const server = await serverPid();
  const second = client();
  expect(await second.result).toEqual({ uri });
  expect(await answers(uri as string)).toBe(true);
  await first.end();
  await sleep(1_500);
  expect(await serverPid()).toBe(server);
  await second.end();
  await eventually(() => !isAlive(server), 10);
  await eventually(() => !existsSync(join(folder, 'fiftyone-keeper.json')));
});

test('commands that follow each other share a server', async () => {
  const first = client();
  const { uri } = await first.result;
  await first.end();
  expect(await client().result).toEqual({ uri });
});

test('clients that start at the same moment get the same server', async () => {
  const results = await Promise.all([client(), client(), client(), client()].map((each) => each.result));
  expect(new Set(results.map((result) => result.uri)).size).toBe(1);
  expect(await answers(results[0]?.uri as string)).toBe(true);
});

test('a killed client does not keep the server', async () => {
  const only = client();
  await only.result;
  const server = await serverPid();
  only.kill('SIGKILL');
  await eventually(() => !isAlive(server), 10);
});

test('the server ends when its keeper is killed, and the next client finds the data', async () => {
  const first = client();
  const { uri } = await first.result;
  const mongo = await MongoClient.connect(uri as string);
  await mongo.db('test').collection('things').insertOne({ kept: true });
  await mongo.close();
  const server = await serverPid();
  signal((await readKeeperState(folder))?.pid as number, 'SIGKILL');
  await eventually(() => !isAlive(server), 10);
  const next = (await client().result).uri as string;
  const again = await MongoClient.connect(next);
  expect(await again.db('test').collection('things').countDocuments({ kept: true })).toBe(1);
  await again.close();
});

test('a server that lost both its keeper and its watcher is ended by the next client', async () => {
  const first = client();
  await first.result;
  const orphan = await serverPid();
  const keeper = (await readKeeperState(folder))?.pid as number;
  const watchers = await childrenOf(keeper);
  for (const pid of watchers) if (pid !== orphan) signal(pid, 'SIGKILL');
  signal(keeper, 'SIGKILL');
  await eventually(() => !isAlive(keeper));
  expect(isAlive(orphan)).toBe(true);
  const { uri } = await client().result;
  await eventually(() => !isAlive(orphan));
  expect(await answers(uri as string)).toBe(true);
});

async function childrenOf(pid: number): Promise<number[]> {
  const ps = spawn('ps', ['-A', '-o', 'pid='], { stdio: ['ignore', 'pipe', 'inherit'] });
  const pids: number[] = [];
  for await (const line of createInterface({ input: ps.stdout })) pids.push(Number(line));
  const parents = await Promise.all(pids.map(parentOf));
  return pids.filter((_, i) => parents[i] === pid);
}

test('an interrupt from the terminal does not reach the server', async () => {
  const only = client();
  const { uri } = await only.result;
  const server = await serverPid();
  only.kill('SIGINT');
  await sleep(300);
  expect(await serverPid()).toBe(server);
  expect(await answers(uri as string)).toBe(true);
});

test('only the user can read where the keeper is, and nobody gets in without its token', async () => {
  const only = client();
  await only.result;
  expect(statSync(join(folder, 'fiftyone-keeper.json')).mode & 0o777).toBe(0o600);
  const socket = connect({ host: '127.0.0.1', port: (await readKeeperState(folder))?.port as number });
  let answer = '';
  socket.on('data', (data) => {
    answer += data;
  });
  socket.write(`${'0'.repeat(64)}\n`);
  await once(socket, 'close');
  expect(answer).toBe('');
});

test('what an earlier keeper left behind does not matter', async () => {
  mkdirSync(folder);
  const stale = { pid: process.pid, port: 1, token: 'x', uri: 'mongodb://127.0.0.1:1/' };
  writeFileSync(join(folder, 'fiftyone-keeper.json'), JSON.stringify(stale));
  writeFileSync(join(folder, 'mongod.lock'), `${process.pid}\n`);
  writeFileSync(join(folder, 'fiftyone-start.lock'), '4194304');
  const { uri } = await client().result;
  expect(await answers(uri as string)).toBe(true);
});

test('the server of a running Python client is found, and told that it is used', async () => {
  const options = ['--51-service', 'db', '--multi', program, '--dbpath', folder, '--port', '0', '--nounixsocket'];
  const service = await startByHand(process.execPath, ['-e', PYTHON_SERVICE, 'main.py', ...options]);
  const registered = firstLine(service);
  const port = (await serverOf(folder))?.port;
  const only = client();
  expect(await only.result).toEqual({ uri: `mongodb://127.0.0.1:${port}/` });
  expect(await registered).toBe(registration(only.pid).toString('hex'));
  await only.end();
  expect((await serverOf(folder))?.port).toBe(port);
});

test('a server that somebody started on the folder is used and left alone', async () => {
  const server = await startByHand(program, ['--dbpath', folder, '--port', '0', '--bind_ip', '127.0.0.1', '--nounixsocket']);
  server.stdout?.resume();
  const only = client();
  expect(await only.result).toEqual({ uri: `mongodb://127.0.0.1:${(await serverOf(folder))?.port}/` });
  await only.end();
  await sleep(1_500);
  expect(isAlive(server.pid as number)).toBe(true);
});

test('a Python client that finds our server keeps it as long as it lives', async () => {
  const place = join(home, '.fiftyone', 'var', 'lib', 'mongo');
  const only = client({ FIFTYONE_DATABASE_DIR: '' });
  await only.result;
  const server = await serverPid(place);
  const keeper = (await readKeeperState(place))?.pid as number;
  expect(await listeningPorts(keeper)).toHaveLength(1);
  const python = spawn('sleep', ['60'], { stdio: 'ignore' });
  started.push(python);
  const socket = connect({ host: '127.0.0.1', port: (await listeningPorts(keeper))[0] as number });
  socket.write(registration(python.pid as number));
  const [answer] = (await once(socket, 'data')) as [Buffer];
  expect(answer.toString('hex')).toBe('8004882e');
  await only.end();
  await sleep(2_500);
  expect(isAlive(server)).toBe(true);
  python.kill('SIGKILL');
  await eventually(() => !isAlive(server), 10);
});

test('a port that another client passes on is used as it is', async () => {
  expect(await client({ FIFTYONE_PRIVATE_DATABASE_PORT: '12345' }).result).toEqual({ uri: 'mongodb://127.0.0.1:12345/' });
  expect(existsSync(folder)).toBe(false);
});

test('a configured mongod that does not exist is named', async () => {
  const { error } = await client({ FIFTYONE_MONGOD: join(home, 'none') }).result;
  expect(error?.name).toBe('SettingsError');
  expect(error?.message).toContain(`FIFTYONE_MONGOD names ${join(home, 'none')}, which does not run`);
});

test('a folder that is a file is reported', async () => {
  writeFileSync(folder, '');
  const { error } = await client().result;
  expect(error?.name).toBe('ConnectionError');
  expect(error?.message).toContain('the folder of the embedded database cannot be used');
  expect(error?.hint).toContain('FIFTYONE_DATABASE_DIR');
});

async function writeFolder(): Promise<void> {
  const only = client();
  await only.result;
  const server = await serverPid();
  await only.end();
  await eventually(() => !isAlive(server));
}

test('a folder of a newer MongoDB is refused and not changed', async () => {
  await writeFolder();
  const turtle = join(folder, 'WiredTiger.turtle');
  const newer = readFileSync(turtle, 'utf8')
    .replace(/version=\(major=\d+/, 'version=(major=12')
    .replace(/^major=\d+/m, 'major=12');
  writeFileSync(turtle, newer);
  const { error } = await client().result;
  expect(error?.name).toBe('ConnectionError');
  expect(error?.message).toContain(`the embedded database in ${folder} cannot be opened: it was written by a version of MongoDB`);
  expect(error?.message).toContain('unsupported WiredTiger source file version 12');
  expect(error?.hint).toContain('FIFTYONE_MONGOD');
  expect(readFileSync(turtle, 'utf8')).toBe(newer);
});

test('a damaged folder is refused with what the server says', async () => {
  await writeFolder();
  writeFileSync(join(folder, 'WiredTiger.turtle'), 'nonsense');
  const { error } = await client().result;
  expect(error?.message).toContain(`the embedded database in ${folder} cannot be opened: its files are damaged`);
  expect(error?.message).toContain('fatal turtle file read error');
  expect(error?.hint).toContain('--repair');
});
