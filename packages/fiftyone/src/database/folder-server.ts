import { readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive } from './lock-file.js';
import { runProgram } from './run-program.js';

/** A running process that has the folder of a database open. */
export interface FolderServer {
  readonly pid: number;
  /** The loopback port on which it listens; none while it starts or ends. */
  readonly port: number | undefined;
}

/** The MongoDB server that has this folder open now, whoever started it. */
export async function serverOf(folder: string): Promise<FolderServer | undefined> {
  const lock = join(folder, 'mongod.lock');
  const pid = Number(await readFile(lock, 'utf8').catch(() => ''));
  if (!(pid > 0 && isAlive(pid))) return undefined;
  const open = process.platform === 'linux' ? await openAccordingToProc(pid) : await openAccordingToLsof(pid);
  // After a crash another process can have got the number that is in the file.
  return open.files.includes(await realpath(lock)) ? { pid, port: open.ports[0] } : undefined;
}

interface OpenFiles {
  readonly files: readonly string[];
  /** Ports on which the process listens. */
  readonly ports: readonly number[];
}

/** Ports on which a process listens. */
export async function listeningPorts(pid: number): Promise<readonly number[]> {
  return (process.platform === 'linux' ? await openAccordingToProc(pid) : await openAccordingToLsof(pid)).ports;
}

async function openAccordingToProc(pid: number): Promise<OpenFiles> {
  const folder = `/proc/${pid}/fd`;
  const names = await readdir(folder).catch((): string[] => []);
  const files = await Promise.all(names.map((name) => readlink(join(folder, name)).catch(() => '')));
  const inodes = new Set(files.map((file) => /^socket:\[(\d+)\]$/.exec(file)?.[1]));
  const sockets = (await readFile(`/proc/${pid}/net/tcp`, 'utf8').catch(() => ''))
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  // Columns of https://www.kernel.org/doc/html/latest/networking/proc_net_tcp.html, where the state 0A is "listening".
  const listening = sockets.filter((columns) => columns[3] === '0A' && columns[9] !== undefined && inodes.has(columns[9]));
  return { files, ports: listening.map((columns) => Number.parseInt((columns[1] as string).split(':')[1] as string, 16)) };
}

async function openAccordingToLsof(pid: number): Promise<OpenFiles> {
  return fromLsof(await runProgram('lsof', ['-nP', '-p', String(pid), '-FfnT']).catch(() => ''));
}

/** What a process has open, from what the program lsof, which every macOS has, prints with -FfnT. */
export function fromLsof(output: string): OpenFiles {
  const entries = output.split(/^f/m).map((entry) => entry.split('\n'));
  const nameOf = (entry: string[]) => entry.find((line) => line.startsWith('n'))?.slice(1) ?? '';
  const listening = entries.filter((entry) => entry.includes('TST=LISTEN'));
  const ports = listening.map((entry) => Number(/:(\d+)$/.exec(nameOf(entry))?.[1])).filter((port) => port > 0);
  return { files: entries.map(nameOf), ports };
}

/** The number of the process that started another one. */
export async function parentOf(pid: number): Promise<number> {
  if (process.platform !== 'linux') return Number(await runProgram('ps', ['-o', 'ppid=', '-p', String(pid)]).catch(() => '0'));
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return Number(/^PPid:\s*(\d+)/m.exec(status)?.[1] ?? 0);
}

/** The command line of a process, its words separated by blanks. */
export async function commandOf(pid: number): Promise<string> {
  if (process.platform !== 'linux') return runProgram('ps', ['-ww', '-o', 'command=', '-p', String(pid)]).catch(() => '');
  return (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ');
}
