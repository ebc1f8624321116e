import { readFile, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** A file in a folder that was extracted: it says from what. */
const NOTE = '.fiftyone-extracted.json';

/** Notes in a folder from which archive it was extracted. */
export async function noteExtracted(folder: string, archive: string): Promise<void> {
  await writeFile(join(folder, NOTE), await factsOf(folder, archive));
}

/** Whether a folder was extracted from this very archive, and its export was not replaced since. */
export async function isExtractedFrom(folder: string, archive: string): Promise<boolean> {
  const note = await readFile(join(folder, NOTE), 'utf8').catch(() => undefined);
  return note !== undefined && note === (await factsOf(folder, archive));
}

async function factsOf(folder: string, archive: string): Promise<string> {
  const [of, metadata, samples] = await Promise.all(
    [archive, join(folder, 'metadata.json'), join(folder, 'samples.json')].map(identity),
  );
  return JSON.stringify({ archive: basename(archive), of, metadata, samples });
}

/** Size and time of change: no two archives of a name have the same. */
async function identity(path: string): Promise<string | undefined> {
  const found = await stat(path, { bigint: true }).catch(() => undefined);
  return found && `${found.size} ${found.mtimeNs}`;
}
