import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FreshDatabase } from './fresh-database.js';

const PROGRAM = fileURLToPath(new URL('../../bin/fiftyone.js', import.meta.url));

/** What a process of the command `fiftyone` did. */
export interface CommandResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process of the command `fiftyone` that runs. */
export interface RunningCommand {
  readonly result: Promise<CommandResult>;
  /** Resolves when it prints on stderr for the first time: that it begins with a dataset, usually. */
  readonly begun: Promise<void>;
  /** Resolves when it has printed this on stderr, or has ended. @returns whether it has */
  says(text: string): Promise<boolean>;
  /** Kills it as soon as it has printed this on stderr. @returns whether it did not end by itself before */
  killedAt(text: string): Promise<boolean>;
  /** Sends a signal; nothing happens if the process has ended. */
  kill(signal: NodeJS.Signals): void;
}

/** Runs `fiftyone ARGS...` as a process of its own, with these settings and no others. */
export function fiftyone(args: readonly string[], settings: Record<string, string> = {}): Promise<CommandResult> {
  return startFiftyone(args, settings).result;
}

/** Starts `fiftyone ARGS...` likewise and does not wait for it. */
export function startFiftyone(args: readonly string[], settings: Record<string, string> = {}): RunningCommand {
  return startProgram(PROGRAM, args, settings);
}

/** Starts another program of ours likewise. @param cwd the folder in which it runs */
export function startProgram(
  program: string,
  args: readonly string[],
  settings: Record<string, string>,
  cwd?: string,
): RunningCommand {
  const env = { PATH: process.env.PATH as string, HOME: '/nonexistent', ...settings };
  const child = spawn(process.execPath, [program, ...args], { env, cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  const result = new Promise<CommandResult>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, stdout, stderr }));
  });
  const ended = result.then(() => {});
  const begun = new Promise<void>((resolve) => child.stderr.once('data', () => resolve()));
  const says = async (text: string): Promise<boolean> => {
    const said = new Promise<void>((resolve) => child.stderr.on('data', () => stderr.includes(text) && resolve()));
    if (!stderr.includes(text)) await Promise.race([said, ended]);
    return stderr.includes(text);
  };
  const kill = (signal: NodeJS.Signals) => void child.kill(signal);
  const killedAt = async (text: string): Promise<boolean> => {
    if (!(await says(text))) return false;
    kill('SIGKILL');
    return (await result).code === null;
  };
  return { result, begun: Promise.race([begun, ended]), says, killedAt, kill };
}

/** The settings with which a client uses a database: as a user of the Enterprise edition. */
export function userOf({ uri, name }: Pick<FreshDatabase, 'uri' | 'name'>): Record<string, string> {
  return { FIFTYONE_DATABASE_URI: uri, FIFTYONE_DATABASE_NAME: name };
}

/** Likewise, as an admin. */
export function adminOf(database: Pick<FreshDatabase, 'uri' | 'name'>): Record<string, string> {
  return { ...userOf(database), FIFTYONE_DATABASE_ADMIN: 'true' };
}
