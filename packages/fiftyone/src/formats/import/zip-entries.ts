import { Transform } from 'node:stream';
import { crc32 } from 'node:zlib';
import type { Entry, ZipFile } from 'yauzl';

/** Visits the entries of a zip archive, one after the other. @param visit is told the name with `/` between its parts */
export async function eachZipEntry(
  file: string,
  visit: (name: string, entry: Entry, zip: ZipFile) => Promise<void>,
): Promise<void> {
  const { getFileNameLowLevel, openPromise } = await import('yauzl');
  // names as they are: by itself the library takes `\`, which file names of Linux may have, for `/`
  const zip = await openPromise(file, { decodeStrings: false, autoClose: false });
  try {
    const entries: [string, Entry][] = [];
    for await (const entry of zip.eachEntry()) {
      const name = getFileNameLowLevel(entry.generalPurposeBitFlag, entry.fileNameRaw, entry.extraFields, true);
      entries.push([name, entry]);
    }
    const isOfWindows = entries.every(([name]) => !name.includes('/'));
    for (const [name, entry] of entries) await visit(isOfWindows ? name.replaceAll('\\', '/') : name, entry, zip);
  } finally {
    zip.close();
  }
}

/** Passes the bytes of an entry on. It fails if they are not those that were put into the archive. */
export function checked(name: string, entry: Entry): Transform {
  let crc = 0;
  return new Transform({
    transform(bytes, _, done) {
      crc = crc32(bytes, crc);
      done(null, bytes);
    },
    flush(done) {
      done(crc === entry.crc32 ? null : new Error(`the checksum of ${JSON.stringify(name)} is wrong`));
    },
  });
}
