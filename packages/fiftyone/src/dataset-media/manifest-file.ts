import { type FileHandle, open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UsageError } from '../errors.js';
import type { ManifestLine } from '../media/transfer/transfer-options.js';

const BLOCK = 64 * 1024;

/** A file of JSON lines that is being written; the last line about a file counts. */
export interface ManifestFile {
  add(line: ManifestLine): Promise<void>;
  /** Lets everything that was added be in the file. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Goes on with a manifest, or begins one: what earlier runs have written stays.
 *
 * @throws UsageError if the file cannot be written, or is something else, before anything else is done
 */
export async function openManifest(path: string): Promise<ManifestFile> {
  const file = await open(resolve(path), 'a+').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`cannot write the manifest ${path}: ${error.code}`, {
      hint: 'give a file in a folder that you may write to',
    });
  });
  if (!(await isManifest(file))) {
    await file.close();
    throw new UsageError(`${path} is there, and is no manifest`, { hint: 'give another file' });
  }
  await dropHalfLine(file);
  let text = '';
  let writing = Promise.resolve();
  const flush = (): Promise<void> => {
    const block = text;
    text = '';
    if (block !== '') writing = writing.then(() => file.appendFile(block));
    return writing;
  };
  return {
    add: async (line) => {
      text += `${JSON.stringify(line)}\n`;
      if (text.length > BLOCK) await flush();
    },
    flush,
    close: async () => {
      await flush();
      await file.sync();
      await file.close();
    },
  };
}

/** A line of a manifest. @throws SyntaxError for what is none */
export function manifestLine(text: string): ManifestLine {
  const line = JSON.parse(text) as Partial<ManifestLine> | null;
  if (typeof line?.from !== 'string' || typeof line.what !== 'string') throw new SyntaxError('not a line of a manifest');
  return line as ManifestLine;
}

async function isManifest(file: FileHandle): Promise<boolean> {
  const { bytesRead, buffer } = await file.read(Buffer.alloc(BLOCK), 0, BLOCK, 0);
  const end = buffer.indexOf('\n');
  if (end < 0) return bytesRead === 0 || buffer.toString('utf8', 0, 8) === '{"from":';
  try {
    return manifestLine(buffer.toString('utf8', 0, end)) !== undefined;
  } catch {
    return false;
  }
}

/** Whoever was killed may have left half a line. */
async function dropHalfLine(file: FileHandle): Promise<void> {
  const { size } = await file.stat();
  const start = Math.max(0, size - BLOCK);
  const { bytesRead, buffer } = await file.read(Buffer.alloc(BLOCK), 0, BLOCK, start);
  const end = start + buffer.subarray(0, bytesRead).lastIndexOf('\n') + 1;
  if (end < size) await file.truncate(end);
}
