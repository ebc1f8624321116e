import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { blake2b } from '@noble/hashes/blake2.js';

/** The digests by which the tools that upload say what they send, in hex. */
export interface Digests {
  readonly sha256: string;
  readonly md5: string;
  /** Only if it was asked for: it takes longer than the others together. */
  readonly blake2b256: string | undefined;
}

/** Reads a file once. */
export async function digestsOf(path: string, withBlake: boolean): Promise<Digests> {
  const [sha256, md5] = [createHash('sha256'), createHash('md5')];
  const blake = withBlake ? blake2b.create({ dkLen: 32 }) : undefined;
  for await (const chunk of createReadStream(path)) {
    sha256.update(chunk);
    md5.update(chunk);
    blake?.update(chunk);
  }
  const blake2b256 = blake && Buffer.from(blake.digest()).toString('hex');
  return { sha256: sha256.digest('hex'), md5: md5.digest('hex'), blake2b256 };
}
