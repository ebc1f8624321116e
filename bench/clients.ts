import { execFileSync, spawn } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';

const VERSION = '1.22.1';

const folder = join(process.env.FIFTYONE_REAL_HOME || join(homedir(), '.cache', 'fiftyone-real'), 'clients', VERSION);
const python = join(folder, 'bin', 'python');

/** A command line `fiftyone` that is measured. */
export interface Client {
  readonly name: string;
  readonly program: readonly string[];
  /** Its environment for a database of the server at a port of 127.0.0.1. */
  env(port: number, database: string): Record<string, string>;
}

/** What one process took, and what it said. */
export interface Measurement {
  /** Seconds from its start to its end, or those that a script says its work took. */
  readonly wall: number;
  /** Seconds of CPU time, of all its threads. */
  readonly cpu: number;
  /** Peak resident memory in bytes. */
  readonly memory: number;
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export const real: Client = {
  name: `real ${VERSION}`,
  program: [python, join(folder, 'bin', 'fiftyone')],
  env: environmentOfReal,
};

export const ours: Client = {
  name: 'ours',
  program: [process.execPath, 'packages/fiftyone/bin/fiftyone.js'],
  env: (port, database) => ({
    PATH: process.env.PATH as string,
    HOME: '/nonexistent',
    FIFTYONE_DATABASE_URI: `mongodb://127.0.0.1:${port}`,
    FIFTYONE_DATABASE_NAME: database,
    FIFTYONE_DATABASE_ADMIN: 'true',
    // the real client is of the open source edition: so both do the same on connecting, and print the same
    FIFTYONE_EDITION: 'open-source',
  }),
};

/** Scripts in place of the command lines: one of Python for the real client, one of JavaScript for ours, with the same arguments. */
export function withScript(client: Client, name: string): Client {
  const isReal = client.name === real.name;
  const program = isReal ? [python, `bench/${name}.py`] : [process.execPath, `bench/${name}.mjs`];
  return { ...client, program };
}

/** The environment that `run.sh` gives to the real client, without the time that `run.sh` itself takes. */
function environmentOfReal(port: number, database: string): Record<string, string> {
  const print = 'import json, os; print(json.dumps(dict(os.environ)))';
  // not all of ours: PYTHONDONTWRITEBYTECODE, for one, makes the real client compile itself anew at every start
  const env = { PATH: process.env.PATH as string, HOME: process.env.HOME ?? homedir(), ...realHome() };
  const args = [VERSION, String(port), database, '-c', print];
  return JSON.parse(execFileSync('tools/real/run.sh', args, { env, encoding: 'utf8' }));
}

function realHome(): Record<string, string> {
  return process.env.FIFTYONE_REAL_HOME ? { FIFTYONE_REAL_HOME: process.env.FIFTYONE_REAL_HOME } : {};
}

/** Runs a client to its end as a process of its own. Does not block: the server that it uses writes its log to this process. */
export async function measure(client: Client, args: readonly string[], env: Record<string, string>): Promise<Measurement> {
  const command = ['-I', 'bench/measure.py', ...client.program, ...args];
  const { stdio } = spawn(python, command, { env, stdio: ['ignore', 'pipe', 'pipe', 'pipe'] });
  const [stdout, stderr, counted] = await Promise.all([stdio[1], stdio[2], stdio[3]].map((stream) => text(stream as Readable)));
  if (!counted) throw new Error(`could not be measured: ${client.program.join(' ')}\n${stderr}`);
  const work = /^work (\d+\.\d+)$/m.exec(stderr ?? '')?.[1];
  return { ...JSON.parse(counted), ...(work === undefined ? {} : { wall: Number(work) }), stdout, stderr };
}

/** Which programs were compared. */
export function versions(): string[] {
  return [
    `Node ${process.versions.node}`,
    execFileSync(python, ['--version'], { encoding: 'utf8' }).trim(),
    `fiftyone ${VERSION} (PyPI)`,
  ];
}
