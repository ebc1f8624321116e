import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** How the keeper of a folder's server is found; only the user who started it can read it. */
export interface KeeperState {
  /** The keeper itself. */
  readonly pid: number;
  /** The loopback port on which it waits for clients. */
  readonly port: number;
  /** What a client has to send. */
  readonly token: string;
  /** Where its server is. */
  readonly uri: string;
}

/** What the keeper answers to a client that knows the token. */
export const WELCOME = 'welcome\n';

const pathIn = (folder: string) => join(folder, 'fiftyone-keeper.json');

/** The state that a keeper left in this folder, of which it may be long gone. */
export async function readKeeperState(folder: string): Promise<KeeperState | undefined> {
  try {
    return JSON.parse(await readFile(pathIn(folder), 'utf8')) as KeeperState;
  } catch {
    return undefined;
  }
}

export async function writeKeeperState(folder: string, state: KeeperState): Promise<void> {
  const part = `${pathIn(folder)}.${state.pid}`;
  await writeFile(part, JSON.stringify(state), { mode: 0o600 });
  await rename(part, pathIn(folder));
}

/** Removes the state of one keeper, and of no other. */
export async function removeKeeperState(folder: string, pid: number): Promise<void> {
  if ((await readKeeperState(folder))?.pid === pid) await rm(pathIn(folder), { force: true });
}
