import { createHash } from 'node:crypto';

/** The name of a file may have so many bytes on the disks that there are. */
export const LONGEST_NAME = 255;

/** Stands for a name that no disk takes: always the same one, with the same extension. */
export function standIn(name: string): string {
  const [, end = ''] = /(\.[A-Za-z0-9]{1,8})(?:\?.*)?$/.exec(name) ?? [];
  return `${createHash('md5').update(name).digest('hex')}${end}`;
}
