import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { Parser } from 'tar';
import { Refusal } from './refusal.js';

const LARGEST_METADATA = 2 * 2 ** 20;
const LARGEST_UNPACKED = 2 ** 30;

/**
 * The bytes of the PKG-INFO of a source distribution. Nothing is unpacked to disk.
 *
 * @throws Refusal if it is no proper one, or a bomb
 */
export async function sdistMetadata(path: string): Promise<Buffer> {
  const found: Buffer[][] = [];
  let problem: string | undefined;
  const parser = new Parser({
    strict: true,
    onReadEntry(entry) {
      const names = entry.path.split('/');
      if (names.includes('..') || entry.path.startsWith('/')) problem ??= 'leaves its folder';
      if (names.length !== 2 || names[1] !== 'PKG-INFO') return void entry.resume();
      if (entry.size > LARGEST_METADATA) problem ??= 'has a PKG-INFO that is too large';
      const chunks: Buffer[] = [];
      found.push(chunks);
      entry.on('data', (chunk) => void (problem ?? chunks.push(chunk)));
    },
  });
  let size = 0;
  const limited = async function* (chunks: AsyncIterable<Buffer>) {
    for await (const chunk of chunks) {
      size += chunk.length;
      if (size > LARGEST_UNPACKED) problem ??= 'would become far too large when unpacked';
      if (problem !== undefined) throw new Error(problem);
      yield chunk;
    }
  };
  await pipeline(createReadStream(path), createGunzip(), limited, parser as unknown as NodeJS.WritableStream).catch((error) => {
    problem ??= `is no proper archive: ${error.message}`;
  });
  if (found.length > 1) problem ??= 'has more than one PKG-INFO';
  if (problem !== undefined || found[0] === undefined) {
    throw new Refusal(400, `the source distribution ${problem ?? 'has no PKG-INFO'}`);
  }
  return Buffer.concat(found[0]);
}
