import { type ChildProcess, spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findMediaProgram } from './media-programs.js';
import { folderForData, freePort } from './mongod.js';

/** A server of media that runs. Whoever started it stops it, which also deletes what it holds. */
export interface MediaServer {
  readonly port: number;
  readonly url: string;
  /** Ends it, at once if it can bear that; what it holds stays. */
  kill(): Promise<void>;
  /** Starts it again on the same port, with what it held. */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** The login of the servers of S3. */
export const S3_LOGIN = { accessKeyId: 'a-key-of-the-tests', secretAccessKey: 'secret/of+the=tests' };

/** The login of the server of Azure: the well-known one of every Azurite. */
export const AZURE_LOGIN = {
  account: 'devstoreaccount1',
  key: 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==',
};

/** Starts a server of S3 whose buckets are folders. */
export async function startS3Server(): Promise<MediaServer> {
  const program = await findMediaProgram('versitygw');
  const env = { ROOT_ACCESS_KEY: S3_LOGIN.accessKeyId, ROOT_SECRET_KEY: S3_LOGIN.secretAccessKey };
  return await startServer(env, (port, folder) => [
    program,
    ...['--port', `127.0.0.1:${port}`, '--keep-alive', '--quiet', 'posix', folder],
  ]);
}

/** Starts a server of Google Cloud Storage, without logins. */
export async function startGcsServer(): Promise<MediaServer> {
  const program = await findMediaProgram('fake-gcs-server');
  return await startServer({}, (port, folder) => [
    program,
    ...['-scheme', 'http', '-host', '127.0.0.1', '-port', String(port), '-public-host', `127.0.0.1:${port}`],
    ...['-backend', 'filesystem', '-filesystem-root', folder],
  ]);
}

/** Starts a server of Azure's blobs. */
export async function startAzureServer(): Promise<MediaServer> {
  const program = await findMediaProgram('azurite');
  const command = (port: number, folder: string) => [
    process.execPath,
    program,
    ...['--blobHost', '127.0.0.1', '--blobPort', String(port), '--location', folder, '--silent', '--skipApiVersionCheck'],
  ];
  // it writes down what it holds every few seconds only, and when it is asked to end
  return await startServer({}, command, 'SIGTERM');
}

async function startServer(
  env: Readonly<Record<string, string>>,
  command: (port: number, folder: string) => string[],
  end: NodeJS.Signals = 'SIGKILL',
): Promise<MediaServer> {
  // a disk that others use makes the tests several times as slow
  const folder = await mkdtemp(join(await folderForData(), 'fiftyone-test-media-'));
  const port = await freePort();
  const [program = '', ...args] = command(port, folder);
  let child: ChildProcess;
  const abandon = () => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  };
  const start = async () => {
    child = spawn(program, args, { env: { PATH: process.env.PATH, ...env }, stdio: ['ignore', 'ignore', 'pipe'] });
    await accepting(child, port);
  };
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise((resolve) => child.once('close', resolve));
    child.kill(end);
    await ended;
  };
  await start();
  process.once('exit', abandon);
  const stop = async () => {
    await kill();
    await rm(folder, { recursive: true, force: true });
    process.off('exit', abandon);
  };
  return { port, url: `http://127.0.0.1:${port}`, kill, restart: start, stop };
}

async function accepting(child: ChildProcess, port: number): Promise<void> {
  let last = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    last = (last + text).slice(-2000);
  });
  while (child.exitCode === null) {
    if (await accepts(port)) return;
    await sleep(20);
  }
  throw new Error(`the server of media ended with code ${child.exitCode}:\n${last}`);
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });
}
