import { Readable } from 'node:stream';
import { Refusal } from './refusal.js';
import { tarTexts } from './tar-texts.js';

/** The package.json of a tarball for npm. @throws Refusal if there is none, or it is a bomb */
export async function packageJsonOf(bytes: Buffer): Promise<Record<string, unknown>> {
  try {
    const found = await tarTexts(Readable.from([bytes], { objectMode: false }), (name) => name === 'package/package.json');
    const manifest: unknown = found.length === 1 ? JSON.parse((found[0] as Buffer).toString('utf8')) : undefined;
    if (typeof manifest === 'object' && manifest !== null) return manifest as Record<string, unknown>;
  } catch (error) {
    throw new Refusal(400, `The tarball is no proper package: ${(error as Error).message}`);
  }
  throw new Refusal(400, 'The tarball has no package/package.json, or several');
}
