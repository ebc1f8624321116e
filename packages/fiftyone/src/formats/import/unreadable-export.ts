import { ImportError, isUnreachable } from '../../errors.js';

/** What to do about an error of the file system. */
const HINTS: Readonly<Record<string, string>> = {
  EACCES: 'this user has no right to it: change its owner or its mode',
  EPERM: 'this user has no right to it: change its owner or its mode',
  EISDIR: 'there is a folder where a file belongs: is it an export of a dataset?',
  ENOTDIR: 'there is a file where a folder belongs: give the folder of the export',
  ENOENT: 'somebody else seems to have removed it meanwhile: nothing was imported',
  ENOSPC: 'make room on that disk, and do the same again',
  EROFS: 'an archive is extracted next to itself: copy it to where this user can write',
};

const OF_FILES = /^(?:access|close|l?stat|statfs|link|mkdir|open|read|readlink|rename|rm|rmdir|scandir|unlink|write)$/;

/** Does what reads an export. @throws ImportError for errors of the file system too */
export async function readingExport<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const { name, syscall = '', code = '', message } = error as NodeJS.ErrnoException;
    if (name !== 'Error' || !OF_FILES.test(syscall) || isUnreachable(error)) throw error;
    throw new ImportError(path, [message], HINTS[code] ?? 'look at that path');
  }
}
