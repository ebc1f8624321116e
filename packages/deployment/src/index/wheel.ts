import { type Entry, openPromise, type ZipFile } from 'yauzl';
import { normaliseName } from './project-name.js';
import { normaliseVersion } from './project-version.js';
import { Refusal } from './refusal.js';

const MOST_ENTRIES = 200_000;
const LARGEST_METADATA = 2 * 2 ** 20;

/** How much larger than itself a wheel may become, with some room for small ones. */
const MOST_GROWTH = 100;
const ROOM = 100 * 2 ** 20;

/**
 * The bytes of the METADATA of a wheel. Nothing else of it is unpacked.
 *
 * @throws Refusal if the archive could be read in two ways, leaves its folder, or is a bomb
 */
export async function wheelMetadata(path: string, project: string, version: string): Promise<Buffer> {
  const zip = await openPromise(path, { strictFileNames: true, autoClose: false }).catch(bad);
  try {
    const found = await metadataEntry(zip, project, version);
    if (found.uncompressedSize > LARGEST_METADATA) throw new Refusal(400, 'the METADATA of the wheel is too large');
    return await content(zip, found).catch(bad);
  } finally {
    zip.close();
  }
}

async function metadataEntry(zip: ZipFile, project: string, version: string): Promise<Entry> {
  if (zip.entryCount > MOST_ENTRIES) throw new Refusal(400, `the wheel has more than ${MOST_ENTRIES} files`);
  const names = new Set<string>();
  let [packed, unpacked] = [0, 0];
  let metadata: Entry | undefined;
  try {
    for await (const entry of zip.eachEntry()) {
      if (names.has(entry.fileName)) throw new Refusal(400, `the wheel has the file ${JSON.stringify(entry.fileName)} twice`);
      names.add(entry.fileName);
      packed += entry.compressedSize;
      unpacked += entry.uncompressedSize;
      const [, name = '', stated = ''] = /^([^/]+)-([^/-]+)\.dist-info\/METADATA$/.exec(entry.fileName) ?? [];
      if (name === '') continue;
      if (metadata) throw new Refusal(400, 'the wheel has more than one METADATA');
      if (normaliseName(name) !== project || normaliseVersion(stated) !== version) {
        throw new Refusal(400, `the wheel holds ${JSON.stringify(entry.fileName)}, which its own name contradicts`);
      }
      metadata = entry;
    }
  } catch (error) {
    return bad(error);
  }
  // more packed bytes than the file has: entries that share them
  if (packed > zip.fileSize) throw new Refusal(400, 'the files in the wheel overlap');
  if (unpacked > zip.fileSize * MOST_GROWTH + ROOM) throw new Refusal(400, 'the wheel would become far too large when unpacked');
  if (metadata === undefined) throw new Refusal(400, 'the wheel has no METADATA');
  return metadata;
}

async function content(zip: ZipFile, entry: Entry): Promise<Buffer> {
  const chunks: Buffer[] = [];
  // the library ends it where it is longer than it says
  for await (const chunk of await zip.openReadStreamPromise(entry)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function bad(error: unknown): never {
  if (error instanceof Refusal) throw error;
  throw new Refusal(400, `the wheel is no proper zip archive: ${(error as Error).message}`);
}
