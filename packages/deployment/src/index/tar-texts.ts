import type { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Parser } from 'tar';

const LARGEST_TEXT = 2 * 2 ** 20;
const LARGEST_UNPACKED = 2 ** 30;

/**
 * The contents of the entries of a gzipped tar archive whose path is wanted. Nothing is unpacked to disk.
 *
 * @throws Error if it is no proper archive, leaves its folder, or is a bomb
 */
export async function tarTexts(packed: Readable, wanted: (path: string) => boolean): Promise<Buffer[]> {
  const found: Buffer[][] = [];
  let problem: string | undefined;
  const parser = new Parser({
    strict: true,
    brotli: false,
    zstd: false,
    onReadEntry(entry) {
      if (entry.path.startsWith('/') || entry.path.split('/').includes('..')) problem ??= 'it leaves its folder';
      if (!wanted(entry.path) || problem !== undefined) return void entry.resume();
      if (entry.size > LARGEST_TEXT) problem = `its ${entry.path} is too large`;
      const chunks: Buffer[] = [];
      found.push(chunks);
      entry.on('data', (chunk) => void (problem ?? chunks.push(chunk)));
    },
  });
  parser.on('error', (error) => {
    problem ??= String((error as Error).message);
  });
  const gunzip = createGunzip();
  packed.on('error', (error) => gunzip.destroy(error));
  let size = 0;
  for await (const chunk of packed.pipe(gunzip)) {
    // the parser would unpack what was packed twice by itself, without a limit
    if (size === 0 && isPacked(chunk)) problem ??= 'it is packed twice';
    size += chunk.length;
    if (size > LARGEST_UNPACKED) problem ??= 'it would become far too large when unpacked';
    if (problem === undefined) parser.write(chunk);
    if (problem !== undefined) throw new Error(problem);
  }
  const ended = new Promise<void>((resolve) => void parser.on('end', () => resolve()).on('error', () => resolve()));
  parser.end();
  await ended;
  if (problem !== undefined) throw new Error(problem);
  return found.map((chunks) => Buffer.concat(chunks));
}

/** Whether it begins as gzip or zstd do, which a tar archive does not. */
function isPacked(chunk: Buffer): boolean {
  const start = chunk.subarray(0, 4).toString('hex');
  return start.startsWith('1f8b') || start === '28b52ffd';
}
