import { createHash } from 'node:crypto';

/** The file of a backup that says what is in it. A folder without it is no whole backup of ours. */
export const MANIFEST = 'manifest.json';

/** The file that a folder has while a backup is made in it: it says who makes it. */
export const UNFINISHED = 'unfinished.json';

/** What the names of files of documents and of metadata end with, before that of their compression. */
export const DOCUMENTS = '.bson';
export const METADATA = '.metadata.json';

/** Longer names are cut by mongodump, so that with what follows them they are names of files still. */
const MOST_LENGTH = 238;
const KEPT_LENGTH = 208;

/** What mongodump calls the files of a collection, without what they end with. The metadata have the whole name of a long one. */
export function fileStem(collection: string): string {
  const escaped = encodeURIComponent(collection)
    .replace(/[!*'()]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/%(?:24|26|2B|3A|3D|40)/g, decodeURIComponent);
  if (escaped.length <= MOST_LENGTH) return escaped;
  return `${escaped.slice(0, KEPT_LENGTH)}%24${createHash('sha1').update(collection).digest('base64url')}`;
}
