import { mkdir, mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { OpenStore } from '../../src/media/open-stores.js';
import { listObjects } from '../../src/media/store.js';
import { planTransfer } from '../../src/media/transfer/plan-transfer.js';
import { sendTransfer } from '../../src/media/transfer/send-transfer.js';
import type {
  ManifestLine,
  RefusedFile,
  TransferOptions,
  TransferResult,
  WantedFile,
  WantedFiles,
} from '../../src/media/transfer/transfer-options.js';
import type { TransferSummary } from '../../src/media/transfer/transfer-plan.js';
import { type HttpProxy, type RequestFate, startHttpProxy } from './http-proxy.js';
import { folderForData } from './mongod.js';

/** A folder that is deleted when the test ends. */
export async function testFolder(): Promise<string> {
  const folder = await mkdtemp(join(await folderForData(), 'fiftyone-test-transfer-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Writes files as if it was a minute ago. @returns their paths */
export async function writeFiles(folder: string, contents: Readonly<Record<string, string | Buffer>>): Promise<string[]> {
  const then = new Date(Math.floor(Date.now() / 1000) * 1000 - 60_000);
  const paths = Object.keys(contents).map((name) => join(folder, name));
  for (const [i, content] of Object.values(contents).entries()) {
    const path = paths[i] as string;
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    await utimes(path, then, then);
  }
  return paths;
}

/** Files in batches of so many. */
export function inBatches(files: readonly (WantedFile | RefusedFile)[], size = 3): WantedFiles {
  return async function* () {
    for (let i = 0; i < files.length; i += size) yield files.slice(i, i + size);
  };
}

/** Every file to its name below a place. */
export function flat(paths: readonly string[], root: string): WantedFile[] {
  return paths.map((from) => ({ from, to: `${root}${from.slice(from.lastIndexOf('/') + 1)}` }));
}

export interface Transferred {
  readonly summary: TransferSummary;
  readonly results: readonly TransferResult[];
  readonly lines: readonly ManifestLine[];
}

/** Plans and sends. */
export async function transfer(
  open: OpenStore,
  wanted: readonly (WantedFile | RefusedFile)[],
  options: TransferOptions = {},
): Promise<Transferred> {
  const files = inBatches(wanted);
  const lines: ManifestLine[] = [];
  const results: TransferResult[] = [];
  const plan = await planTransfer(open, files, options);
  const manifest = (line: ManifestLine) => void lines.push(line);
  for await (const batch of sendTransfer(open, files, plan, { manifest, ...options })) results.push(...batch);
  return { summary: plan.summary, results, lines };
}

/** All that is below a place of a store: texts by key. */
export async function contentsOf(open: OpenStore, root: string): Promise<Record<string, string>> {
  const { store, key: prefix } = await open(root);
  const found: [string, string][] = [];
  for await (const { key } of listObjects(store, prefix)) {
    const pieces: Uint8Array[] = [];
    for await (const piece of store.read(key)) pieces.push(piece);
    found.push([key.slice(prefix.length), `${Buffer.concat(pieces)}`]);
  }
  return Object.fromEntries(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** A way to a server that counts what goes over it: `GET`, `HEAD`, `PUT` … */
export interface CountingWay extends HttpProxy {
  readonly counts: Record<string, number>;
  /** The methods and addresses of all requests. */
  readonly log: string[];
}

export async function countingWay(
  port: number,
  fate: (n: number, what: string) => RequestFate = () => 'pass',
): Promise<CountingWay> {
  const counts: Record<string, number> = {};
  const log: string[] = [];
  const proxy = await startHttpProxy(port, (n, { method = '', url }) => {
    counts[method] = (counts[method] ?? 0) + 1;
    log.push(`${method} ${url}`);
    return fate(n, `${method} ${url}`);
  });
  onTestFinished(proxy.close);
  return { ...proxy, counts, log };
}
