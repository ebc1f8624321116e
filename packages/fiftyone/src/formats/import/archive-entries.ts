import { posix } from 'node:path';

/** What an archive says of one of its entries. */
export interface ArchiveEntry {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'link' | 'other';
  /** Bytes, extracted. */
  readonly size: number;
  /** Where a link points. */
  readonly target?: string;
}

/** An archive that is extracted to more than so many bytes, and so many times its own size, is made to fill disks. */
const BOMB = { bytes: 1024 ** 3, times: 200 };

const MOST_NAMED = 5;

/**
 * Why an archive must not be extracted; empty if it may.
 *
 * @param size of the archive itself, in bytes
 * @param free how many bytes the disk has left
 */
export function reasonsToRefuse(entries: readonly ArchiveEntry[], size: number, free: number): string[] {
  const bad = entries.flatMap((entry) => {
    const problem = problemOf(entry);
    return problem === undefined ? [] : [`${JSON.stringify(entry.name)} ${problem}`];
  });
  const total = entries.reduce((sum, entry) => sum + entry.size, 0);
  const shown = bad.slice(0, MOST_NAMED);
  if (bad.length > shown.length) shown.push(`and ${bad.length - shown.length} more`);
  if (total > BOMB.bytes && total > size * BOMB.times) shown.push(`its ${size} bytes would become ${total}`);
  else if (total > free) shown.push(`it needs ${total} bytes on the disk, which has ${free} left`);
  return shown;
}

function problemOf({ name, kind, target = '' }: ArchiveEntry): string | undefined {
  if (/^[/\\]|^[A-Za-z]:/.test(name)) return 'is an absolute path';
  if (isOutside(name)) return 'is outside of the archive';
  if (kind === 'other') return 'is neither a file nor a folder';
  if (kind !== 'link') return undefined;
  if (/^[/\\]|^[A-Za-z]:/.test(target) || isOutside(posix.join(posix.dirname(name), target))) {
    return `is a link to ${JSON.stringify(target)}, outside of the archive`;
  }
  return undefined;
}

function isOutside(name: string): boolean {
  return name.split(/[/\\]/).includes('..') || name.includes('\0');
}
