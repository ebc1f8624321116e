/**
 * A program, not a module: starts a mongod, keeps it while any client is there, and ends it soon after the last one left.
 *
 *     node keeper.js [--51-service db --multi] MONGOD --dbpath FOLDER [OPTION...]
 *
 * A client holds a connection, which ends with its process, however that dies. With the first three words the keeper is also
 * what Python clients look for on this machine, so that they share its server.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { readFile, rename, rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { removeKeeperState, WELCOME, writeKeeperState } from './keeper-state.js';
import { isAlive } from './lock-file.js';
import { makeFolder } from './make-folder.js';
import { portIn } from './mongod-log.js';
import { REGISTERED, registeredBy, SERVICE_MARK } from './python-service.js';

/** So long the server stays without clients, for a script of several commands. */
const GRACE_MS = 1_000;
/** So long it waits for its first client. */
const FIRST_GRACE_MS = 10_000;
const LOGGED_BYTES = 20_000;

/** Ends the server when the keeper, at the other end of stdin, is gone; it can do so even if the keeper was killed with -9. */
const WATCH = 'read -r server; read -r end; kill "$server"';

const [mongod, ...options] = process.argv.slice(process.argv[2] === SERVICE_MARK[0] ? 5 : 2) as [string, ...string[]];
const folder = options[options.indexOf('--dbpath') + 1] as string;
const token = randomBytes(32).toString('hex');
const clients = new Set<Socket>();
/** Python clients, which are known by the number of their process only. */
const registered = new Set<number>();
let leaving: NodeJS.Timeout | undefined;
let ending = false;

// A keyboard interrupt, or a closed terminal, is for the clients.
process.on('SIGINT', () => {});
process.on('SIGHUP', () => {});
// The client that started the keeper may be gone when it reports.
process.stdout.on('error', () => {});

const door = createServer(admit);
await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
const watcher = spawn('sh', ['-c', WATCH], { stdio: ['pipe', 'ignore', 'ignore'] });
watcher.stdin.on('error', () => {});
const log = join(folder, 'log', 'fiftyone-mongod.log');
/** The log gets its name when the server is ready: a second one that is started in vain must not take it from the first. */
const startLog = `${log}.${process.pid}`;
const server = await startServer();
let exit: { code: number | null; signal: string | null } | undefined;
server.once('exit', (code, signal) => {
  exit = { code, signal };
});
process.on('SIGTERM', end);

const port = await portOfServer();
if (port === undefined) {
  await report({ failed: { ...exit, log: (await readFile(startLog, 'utf8')).slice(-LOGGED_BYTES) } });
  await rm(startLog);
} else {
  await rename(log, `${log}.1`).catch(() => {});
  await rename(startLog, log);
  const state = { pid: process.pid, port: (door.address() as AddressInfo).port, token };
  await writeKeeperState(folder, { ...state, uri: `mongodb://127.0.0.1:${port}/` });
  await report({ ready: true });
  leaveAfter(FIRST_GRACE_MS);
  setInterval(forgetTheDead, GRACE_MS);
  if (exit === undefined) await once(server, 'exit');
}
await removeAll();

async function startServer(): Promise<ChildProcess> {
  await makeFolder(join(folder, 'log'));
  // Not a pipe: the server must be able to log its end when the keeper is gone.
  const file = openSync(startLog, 'w', 0o600);
  const child = spawn(mongod, options, { stdio: ['ignore', file, file] });
  watcher.stdin.write(`${child.pid}\n`);
  return child;
}

/** Waits until the server is ready; undefined if it ends before. */
async function portOfServer(): Promise<number | undefined> {
  while (exit === undefined) {
    const found = portIn(await readFile(startLog, 'utf8'));
    if (found !== undefined) return found;
    await sleep(25);
  }
  return undefined;
}

function report(result: object): Promise<void> {
  return new Promise((resolve) => process.stdout.write(`${JSON.stringify(result)}\n`, () => resolve()));
}

function admit(socket: Socket): void {
  const stranger = setTimeout(() => socket.destroy(), 5_000);
  let said = Buffer.alloc(0);
  socket.on('error', () => {});
  socket.on('close', () => {
    clearTimeout(stranger);
    if (clients.delete(socket)) leaveAfter(GRACE_MS);
  });
  socket.on('data', (data: Buffer) => {
    if (clients.has(socket)) return;
    // Came too late: the next keeper will let it in.
    if (ending) return socket.destroy();
    said = Buffer.concat([said, data]);
    const pid = registeredBy(said);
    if (said.toString('latin1') === `${token}\n`) {
      clearTimeout(stranger);
      clients.add(socket);
      clearTimeout(leaving);
      socket.write(WELCOME);
    } else if (pid !== undefined) {
      registered.add(pid);
      clearTimeout(leaving);
      socket.end(REGISTERED);
    } else if (said.length > token.length) {
      socket.destroy();
    }
  });
}

function forgetTheDead(): void {
  for (const pid of registered) {
    if (isAlive(pid)) continue;
    registered.delete(pid);
    leaveAfter(GRACE_MS);
  }
}

function leaveAfter(ms: number): void {
  clearTimeout(leaving);
  if (clients.size === 0 && registered.size === 0) leaving = setTimeout(end, ms);
}

/** Ends the server, whose exit ends the keeper. */
function end(): void {
  if (ending) return;
  ending = true;
  door.close();
  server.kill('SIGTERM');
}

async function removeAll(): Promise<void> {
  // Before the watcher could take the number of the server for that of a later process.
  watcher.kill('SIGKILL');
  await removeKeeperState(folder, process.pid);
  process.exit(0);
}
