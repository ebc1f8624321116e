import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdtemp, rm, statfs, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient } from 'mongodb';

/** A running server. Whoever started it stops it, which also deletes its data. */
export interface TestServer {
  /** With the login of the administrator if the server asks for one. */
  readonly uri: string;
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

export interface TestServerOptions {
  /** Ask for logins; `uri` then has that of an administrator called `admin`. */
  readonly auth?: boolean;
  /** Run as a replica set of one member, which has transactions and change streams. */
  readonly replicaSet?: boolean;
  /** The folder for its data, which then stays when the server stops. Default: a new one, deleted with the server. */
  readonly dbpath?: string;
  /** Further options of mongod. */
  readonly args?: readonly string[];
}

/** Starts the mongod that FIFTYONE_MONGOD names, on a free port of 127.0.0.1 and with an empty folder for its data. */
export async function startMongod(options: TestServerOptions = {}): Promise<TestServer> {
  const program = process.env.FIFTYONE_MONGOD;
  if (!program) {
    throw new Error(
      'tests that need a database need FIFTYONE_MONGOD, the path of a mongod 6.0 or later (npm test finds one by itself)',
    );
  }
  const dbpath = options.dbpath ?? (await mkdtemp(join(await folderForData(), 'fiftyone-test-mongod-')));
  const isOurs = options.dbpath === undefined;
  const { child, port } = await launch(program, dbpath, options).catch(async (error) => {
    if (isOurs) await rm(dbpath, { recursive: true, force: true });
    throw error;
  });
  // for a run that does not get as far as to stop its servers
  const abandon = () => {
    child.kill('SIGKILL');
    if (isOurs) rmSync(dbpath, { recursive: true, force: true, maxRetries: 3 });
  };
  process.once('exit', abandon);
  const stop = async () => {
    await killed(child);
    if (isOurs) await rm(dbpath, { recursive: true, force: true });
    process.off('exit', abandon);
  };
  try {
    const uri = await prepare(port, options);
    return { uri, port, pid: child.pid as number, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function launch(program: string, dbpath: string, { auth, replicaSet, args = [] }: TestServerOptions) {
  for (let attempt = 1; ; attempt++) {
    const port = await freePort();
    const child = spawn(
      program,
      [
        ...['--dbpath', dbpath, '--port', String(port), '--bind_ip', '127.0.0.1', '--nounixsocket'],
        ...[
          '--wiredTigerCacheSizeGB',
          '0.5',
          ...(auth ? ['--auth'] : []),
          ...(replicaSet ? ['--replSet', 'rs0', '--oplogSize', '64'] : []),
          ...(auth && replicaSet ? ['--keyFile', await keyFile(dbpath)] : []),
        ],
        ...args,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    try {
      await accepting(child);
      return { child, port };
    } catch (error) {
      // another process may have taken the port in the meantime
      if (attempt === 3) throw error;
    }
  }
}

/** What members of a replica set with logins show each other. */
async function keyFile(folder: string): Promise<string> {
  const path = join(folder, 'key');
  await writeFile(path, randomBytes(96).toString('base64'), { mode: 0o600 });
  return path;
}

/** Resolves when the server says so in its log, which it must be allowed to go on writing. */
function accepting(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    const last: string[] = [];
    const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
    lines.on('line', (line) => {
      if (line.includes('Waiting for connections')) resolve();
      last.push(line);
      if (last.length > 5) last.shift();
    });
    child.once('error', reject);
    child.once('close', (code) => reject(new Error(`mongod ended with code ${code}:\n${last.join('\n')}`)));
  });
}

function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('close', () => resolve());
    child.kill('SIGKILL');
  });
}

/** Making collections is all waiting for the disk: where there is enough memory, tests are several times as fast in it. */
export async function folderForData(): Promise<string> {
  const memory = '/dev/shm';
  const free = await statfs(memory).then(
    ({ bavail, bsize }) => bavail * bsize,
    () => 0,
  );
  return free > 2 ** 32 ? memory : tmpdir();
}

async function prepare(port: number, { auth, replicaSet }: TestServerOptions): Promise<string> {
  const direct = `mongodb://127.0.0.1:${port}/?directConnection=true`;
  const client = await MongoClient.connect(direct);
  try {
    const admin = client.db('admin');
    if (replicaSet) {
      await admin.command({ replSetInitiate: { _id: 'rs0', members: [{ _id: 0, host: `127.0.0.1:${port}` }] } });
      while (!(await admin.command({ hello: 1 })).isWritablePrimary) await sleep(50);
    }
    if (auth) await admin.command({ createUser: 'admin', pwd: 'secret', roles: ['root'] });
    const options = [...(replicaSet ? ['replicaSet=rs0'] : []), ...(auth ? ['authSource=admin'] : [])];
    return `mongodb://${auth ? 'admin:secret@' : ''}127.0.0.1:${port}${options.length > 0 ? `/?${options.join('&')}` : ''}`;
  } finally {
    await client.close();
  }
}

/** A port of 127.0.0.1 that nobody listened on a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
