import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ImportError } from '../../errors.js';
import { FRAME_MEDIA } from '../layout.js';

/** Where the media of frames are in an export, by their path in `frames.json`. @throws ImportError if the file cannot be read */
export async function readFrameMedia(path: string): Promise<ReadonlyMap<string, string> | undefined> {
  let text: string;
  try {
    text = await readFile(join(path, FRAME_MEDIA), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    const found: unknown = JSON.parse(text);
    if (typeof found !== 'object' || found === null || Array.isArray(found)) throw new TypeError('expected an object');
    const entries = Object.entries(found);
    const odd = entries.find(([, place]) => typeof place !== 'string');
    if (odd !== undefined) throw new TypeError(`${JSON.stringify(odd[0])} has no path`);
    return new Map(entries);
  } catch (error) {
    throw new ImportError(
      path,
      [`${FRAME_MEDIA}: ${(error as Error).message}`],
      'export it again; without this file frames keep the paths that their media had when they were exported',
    );
  }
}
