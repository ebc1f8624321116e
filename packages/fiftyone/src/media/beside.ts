import { dirname, isAbsolute, resolve } from 'node:path';
import type { MediaSettings } from './media-settings.js';
import { placeOf } from './place.js';
import { isRemotePath, keyBeside } from './remote-path.js';

/** Where a path leads that stands in a file, such as a 3D scene, of any store; undefined if out of the bucket. */
export function pathBeside(file: string, path: string, settings: MediaSettings): string | undefined {
  if (isRemotePath(path)) return path;
  if (!isRemotePath(file) || isAbsolute(path)) return resolve(dirname(file), path);
  const { kind, root, key } = placeOf(file, settings);
  const other = keyBeside(kind === 'http' ? key.replace(/[?#].*$/s, '') : key, path);
  return other === undefined ? undefined : `${root}${other}`;
}
