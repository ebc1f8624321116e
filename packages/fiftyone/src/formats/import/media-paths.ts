import { join, normalize } from 'node:path';
import { isRemotePath, joinRemote } from '../../media/remote-path.js';

/** Paths that do not depend on where an export is: absolute ones, those of Windows, and addresses such as `s3://bucket/a.jpg`. */
const ABSOLUTE = /^(?:\/|[A-Za-z]:[\\/]|[A-Za-z][A-Za-z0-9+.-]*:\/\/)/;

/** The path of a media file, normalised, if the export has a relative one. @param root a folder, of a store too */
export function mediaPath(root: string, given: string): string {
  if (given === '' || ABSOLUTE.test(given)) return given;
  return isRemotePath(root) ? joinRemote(root, given) : normalize(join(root, given));
}

/** The path of another media file than that of a sample itself, not normalised. */
export function fieldPath(root: string, given: string): string {
  if (given === '' || ABSOLUTE.test(given)) return given;
  if (isRemotePath(root)) return joinRemote(root, given);
  return root.endsWith('/') ? `${root}${given}` : `${root}/${given}`;
}
