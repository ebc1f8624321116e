import { open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { UsageError } from '../errors.js';
import type { ManifestLine } from '../media/transfer/transfer-options.js';

const BLOCK = 64 * 1024;

/** A file of JSON lines that is being written. What is there is kept as it is until the first line. */
export interface ManifestFile {
  add(line: ManifestLine): Promise<void>;
  close(): Promise<void>;
}

/** Begins a manifest. @throws UsageError if the file cannot be written, before anything else is done */
export async function openManifest(path: string): Promise<ManifestFile> {
  const file = await open(resolve(path), 'w').catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`cannot write the manifest ${path}: ${error.code}`, {
      hint: 'give a file in a folder that you may write to',
    });
  });
  let text = '';
  let writing = Promise.resolve();
  const flush = (): Promise<void> => {
    const block = text;
    text = '';
    writing = writing.then(() => file.writeFile(block));
    return writing;
  };
  return {
    add: async (line) => {
      text += `${JSON.stringify(line)}\n`;
      if (text.length > BLOCK) await flush();
    },
    close: async () => {
      await flush();
      await file.sync();
      await file.close();
    },
  };
}
