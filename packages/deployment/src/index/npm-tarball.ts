import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { Parser } from 'tar';
import { Refusal } from './refusal.js';

const LARGEST_MANIFEST = 2 ** 20;
const LARGEST_UNPACKED = 2 ** 30;

/** The package.json of a tarball for npm. @throws Refusal if there is none, or it is a bomb */
export async function packageJsonOf(bytes: Buffer): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  let size = 0;
  let count = 0;
  const parser = new Parser({
    strict: true,
    onReadEntry(entry) {
      if (entry.path !== 'package/package.json' || entry.size > LARGEST_MANIFEST || ++count > 1) return void entry.resume();
      entry.on('data', (chunk) => void chunks.push(chunk));
    },
  });
  const limited = async function* (unpacked: AsyncIterable<Buffer>) {
    for await (const chunk of unpacked) {
      size += chunk.length;
      if (size > LARGEST_UNPACKED) throw new Error('it would become far too large when unpacked');
      yield chunk;
    }
  };
  try {
    await pipeline(Readable.from([bytes]), createGunzip(), limited, parser as unknown as NodeJS.WritableStream);
    const manifest: unknown = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    if (count === 1 && typeof manifest === 'object' && manifest !== null) return manifest as Record<string, unknown>;
  } catch (error) {
    throw new Refusal(400, `The tarball is no proper package: ${(error as Error).message}`);
  }
  throw new Refusal(400, 'The tarball has no package/package.json, or several');
}
