import { homedir } from 'node:os';
import { resolve } from 'node:path';
import { UsageError } from '../errors.js';
import { isRemotePath } from '../media/remote-path.js';

/** What a sample's file is, by its extension. */
export type MediaType = 'image' | 'video' | 'point-cloud' | '3d' | 'multimodal' | 'unknown';

/** What the real client finds with the types of files that Python and Linux know. */
const EXTENSIONS: Readonly<Record<Exclude<MediaType, 'unknown'>, string>> = {
  image: `apng avif bmp cr2 crw djv djvu erf exr gif hdr heic heif ico ief jfif jls jp2 jpe jpeg jpg jpg2 jpm jpx jxl nef orf pbm pcx
    pgm png pnm ppm psd ras rgb svg svgz tif tiff wbmp webp xbm xpm xwd`,
  video: 'avi axv dif dv fli flv lsf lsx m1v m4v mkv mng mov movie mp4 mpa mpe mpeg mpg mpv ogv qt webm wm wmv wmx wvx',
  'point-cloud': 'pcd',
  '3d': 'fo3d',
  multimodal: 'mcap bag rrd',
};

const TYPES = new Map(
  Object.entries(EXTENSIONS).flatMap(([type, list]) => list.split(/\s+/).map((extension) => [extension, type as MediaType])),
);

/** The type of a file. */
export function mediaTypeOf(filepath: string): MediaType {
  const extension = /[^/\\]\.([^./\\]+)(?:\.(?:gz|bz2|xz|Z))?$/.exec(filepath)?.[1]?.toLowerCase();
  return TYPES.get(extension ?? '') ?? 'unknown';
}

/** The path as samples have it: absolute, without `..`. Those of other stores (`s3://…`) stay as they are. */
export function normalPath(filepath: unknown): string {
  if (typeof filepath !== 'string' || filepath === '')
    throw new UsageError(`a sample needs a filepath, not ${JSON.stringify(filepath)}`);
  if (isRemotePath(filepath)) return filepath;
  return resolve(filepath.replace(/^~(?=\/|$)/, () => homedir()));
}
