import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync } from 'node:fs';
import { access, readFile, realpath } from 'node:fs/promises';
import { connect } from 'node:net';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ConnectionError } from '../errors.js';
import type { Settings } from '../settings.js';
import { commandOf, parentOf, serverOf } from './folder-server.js';
import { type KeeperState, readKeeperState, WELCOME } from './keeper-state.js';
import { withLockFile } from './lock-file.js';
import { makeFolder } from './make-folder.js';
import { findMongod } from './mongod-binary.js';
import { type FailedStart, isInUse, startError } from './mongod-log.js';
import type { MongodBinary } from './mongod-version.js';
import { registerWithService, SERVICE_MARK } from './python-service.js';

/** A running database of this machine, kept while it is in use. */
export interface Embedded {
  readonly uri: string;
  /** Says that this client needs the database no more; the end of the process says so too. */
  close(): Promise<void>;
}

/** So long a server that is starting or ending may stand in the way. */
const PATIENCE_MS = 60_000;
/** A name on the command line of the servers that a keeper started, by which they are told from all others. */
const OWN_MARK = 'fiftyone-mongod.pid';
/** The compiled program, also when this file runs from `src`. */
const KEEPER = fileURLToPath(new URL('../../dist/database/keeper.js', import.meta.url));

/**
 * Opens the database in the configured folder of this machine. All clients of a folder, those in Python too, share one
 * server: the first starts it, it ends soon after the last.
 *
 * @throws ConnectionError that says what is wrong with the folder
 */
export async function openEmbedded(settings: Settings, progress?: (message: string) => void): Promise<Embedded> {
  if (settings.privateDatabasePort !== undefined) return guest(settings.privateDatabasePort);
  if (process.platform === 'win32') {
    throw new ConnectionError('there is no embedded database on Windows', {
      hint: 'use a running MongoDB server with FIFTYONE_DATABASE_URI=mongodb://...',
    });
  }
  const folder = await prepare(settings.databaseDir);
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline) {
    const embedded =
      (await attach(folder)) ??
      (await withLockFile(join(folder, 'fiftyone-start.lock'), () => start(folder, settings, progress)));
    if (embedded) return embedded;
    await sleep(100);
  }
  const server = await serverOf(folder);
  throw new ConnectionError(
    `the embedded database in ${folder} is in use by ${server ? `process ${server.pid}` : 'another server'}, which does not answer`,
    { hint: 'end that process, or choose another folder with FIFTYONE_DATABASE_DIR' },
  );
}

/** The folder by its only true name, so that all clients mean the same. */
async function prepare(databaseDir: string): Promise<string> {
  try {
    await makeFolder(join(databaseDir, 'log'));
    await access(databaseDir, constants.R_OK | constants.W_OK | constants.X_OK);
    return await realpath(databaseDir);
  } catch (error) {
    throw new ConnectionError(`the folder of the embedded database cannot be used: ${(error as Error).message}`, {
      hint: 'make it a folder that your user may write to, or choose another with FIFTYONE_DATABASE_DIR',
      cause: error,
    });
  }
}

/** Becomes a client of the server that has the folder open, if there is one and it is ready. */
async function attach(folder: string): Promise<Embedded | undefined> {
  const state = await readKeeperState(folder);
  if (state !== undefined) {
    const embedded = await attachToKeeper(state);
    if (embedded) return embedded;
  }
  const server = await serverOf(folder);
  if (server === undefined) return undefined;
  const command = await commandOf(server.pid);
  if (command === '') return undefined;
  if (command.includes(OWN_MARK)) {
    // A keeper that lives will let us in soon, or is ending its server. One that was killed cannot end it any more.
    const keeper = await commandOf(await parentOf(server.pid));
    if (!keeper.includes(basename(KEEPER))) process.kill(server.pid, 'SIGTERM');
    return undefined;
  }
  if (server.port === undefined) return undefined;
  // A server that somebody started by hand has no service, and needs none.
  await registerWithService(server.pid);
  return guest(server.port);
}

function attachToKeeper({ port, token, uri }: KeeperState): Promise<Embedded | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port }, () => socket.write(`${token}\n`));
    const closed = new Promise<void>((done) => socket.once('close', () => done()));
    const close = async () => {
      socket.destroy();
      await closed;
    };
    socket.setTimeout(5_000, () => socket.destroy());
    socket.on('error', () => {});
    socket.once('close', () => resolve(undefined));
    socket.once('data', (answer) => {
      if (answer.toString() !== WELCOME) return socket.destroy();
      socket.setTimeout(0);
      // The connection lasts as long as the process, but is no reason for it to last.
      socket.unref();
      resolve({ uri, close });
    });
  });
}

function guest(port: number): Embedded {
  return { uri: `mongodb://127.0.0.1:${port}/`, close: async () => {} };
}

/** Starts a server and becomes its client, unless somebody else did in the meantime. */
async function start(folder: string, settings: Settings, progress?: (message: string) => void): Promise<Embedded | undefined> {
  const embedded = await attach(folder);
  if (embedded) return embedded;
  if (await serverOf(folder)) return undefined;
  const mongod = await findMongod(settings, progress);
  progress?.(`starting the embedded database in ${folder} ...`);
  const failed = await startKeeper(folder, mongod);
  if (failed === undefined) return attach(folder);
  if (isInUse(failed)) return undefined;
  throw startError(folder, mongod, failed);
}

/** Starts a keeper and waits until its server is ready, or has failed. */
async function startKeeper(folder: string, mongod: MongodBinary): Promise<FailedStart | undefined> {
  const logPath = join(folder, 'log', 'fiftyone-keeper.log');
  const log = openSync(logPath, 'w', 0o600);
  const options = [
    '--dbpath',
    folder,
    '--port',
    '0',
    '--bind_ip',
    '127.0.0.1',
    '--nounixsocket',
    '--pidfilepath',
    join(folder, OWN_MARK),
  ];
  const mark = (await isDefaultFolder(folder)) ? SERVICE_MARK : [];
  // In a session of its own: what interrupts the commands of a terminal must not reach the server.
  const keeper = spawn(process.execPath, [KEEPER, ...mark, mongod.path, ...options], {
    detached: true,
    cwd: folder,
    stdio: ['ignore', 'pipe', log],
  });
  closeSync(log);
  const ended = once(keeper, 'exit');
  const output = keeper.stdout as Readable;
  try {
    for await (const line of createInterface({ input: output })) return (JSON.parse(line) as { failed?: FailedStart }).failed;
    await ended;
    const end = keeper.signalCode ?? `code ${keeper.exitCode}`;
    throw new ConnectionError(`the process that keeps the embedded database ended (${end}): ${await readFile(logPath, 'utf8')}`, {
      hint: 'try again',
    });
  } finally {
    output.destroy();
    keeper.unref();
  }
}

/** Python clients use any server that shows itself on this machine, so only the one of their own folder may. */
async function isDefaultFolder(folder: string): Promise<boolean> {
  return folder === (await realpath(join(homedir(), '.fiftyone', 'var', 'lib', 'mongo')).catch(() => undefined));
}
