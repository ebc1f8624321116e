import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { UsageError } from '../errors.js';

/** What a sample's file is, by its extension. */
export type MediaType = 'image' | 'video' | 'point-cloud' | '3d' | 'multimodal' | 'unknown';

const EXTENSIONS: Readonly<Record<Exclude<MediaType, 'unknown'>, string>> = {
  image: `bmp gif ief jpg jpe jpeg jfif png svg svgz tif tiff ico ras pnm pbm pgm ppm rgb xbm xpm xwd webp avif heic heif jxl jp2 jpm
    jpx djvu djv psd dng cr2 crw nef orf erf pcx wbmp`,
  video: `mp4 mpeg m1v mpa mpe mpg mov qt webm avi movie mkv m4v ogv flv wmv wm wmx wvx asf asx 3gp 3gpp 3g2 3gpp2 ts m2ts mts mxf dif
    dv fli lsf lsx mng mpv axv`,
  'point-cloud': 'pcd',
  '3d': 'fo3d',
  multimodal: 'mcap bag rrd',
};

const TYPES = new Map(
  Object.entries(EXTENSIONS).flatMap(([type, list]) => list.split(/\s+/).map((extension) => [extension, type as MediaType])),
);

/** The type of a file. */
export function mediaTypeOf(filepath: string): MediaType {
  const extension = /[^/\\]\.([^./\\]+)$/.exec(filepath)?.[1]?.toLowerCase();
  return TYPES.get(extension ?? '') ?? 'unknown';
}

/** The path as samples have it: absolute, without `..`. Those of other stores (`s3://…`) stay as they are. */
export function normalPath(filepath: unknown): string {
  if (typeof filepath !== 'string' || filepath === '')
    throw new UsageError(`a sample needs a filepath, not ${JSON.stringify(filepath)}`);
  if (/^[a-z][a-z0-9+.-]+:\/\//i.test(filepath)) return filepath;
  return resolve(filepath.replace(/^~(?=\/|$)/, () => homedir()));
}
