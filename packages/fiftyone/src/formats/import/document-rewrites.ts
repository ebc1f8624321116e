import { date, type ObjectId } from '../../bson/index.js';
import type { Rewrite, Rewrites, TextRewrite } from '../../bson/rewrites.js';
import { frameMediaFields, type MediaField, sampleMediaFields } from '../../dataset-media/media-fields.js';
import type { ExportFolder } from './export-folder.js';
import { readFrameMedia } from './frame-media.js';
import { fieldPath, mediaPath } from './media-paths.js';
import type { MediaSeen } from './media-seen.js';

/** What every document of an import gets. */
export interface Stamp {
  readonly dataset: ObjectId;
  /** Milliseconds since 1970 UTC. */
  readonly now: number;
  /** The folder to which relative paths belong, if it is not that of the export. */
  readonly relDir: string | undefined;
}

/** What changes in samples while they are imported. @param tags that they get in addition @param seen is shown the media of the export */
export function sampleRewrites(
  folder: ExportFolder,
  stamp: Stamp,
  tags: readonly string[] = [],
  seen: MediaSeen | undefined = undefined,
): Rewrites {
  const root = stamp.relDir ?? folder.path;
  const fields = sampleMediaFields(folder.metadata).filter(
    ({ holder }) => stamp.relDir !== undefined || folder.mediaFields.has(holder),
  );
  const shown = (given: string, path: string) => {
    if (path !== given) seen?.look(path);
    return path;
  };
  const rewrites = withFields(fields, (given) => shown(given, fieldPath(root, given)));
  rewrites.set('filepath', (given: string) => {
    if (seen !== undefined) seen.paths++;
    return shown(given, mediaPath(root, given));
  });
  if (tags.length > 0) rewrites.set('tags', { append: tags });
  return withStamp(rewrites, stamp);
}

/** What changes in frames while they are imported. @param seen is shown the media of the export */
export async function frameRewrites(folder: ExportFolder, stamp: Stamp, seen?: MediaSeen): Promise<Rewrites> {
  const { relDir } = stamp;
  const root = relDir ?? folder.path;
  const exported = await readFrameMedia(folder.path);
  const place = (given: string) => {
    const path = exported?.get(given);
    if (path !== undefined) {
      seen?.look(fieldPath(root, path));
      return fieldPath(root, path);
    }
    return relDir === undefined ? given : fieldPath(root, given);
  };
  const fields = exported === undefined && relDir === undefined ? [] : frameMediaFields(folder.metadata);
  return withStamp(withFields(fields, place), stamp);
}

function withStamp(rewrites: Map<string, Rewrite>, { dataset, now }: Stamp): Rewrites {
  rewrites.set('_dataset_id', { set: dataset });
  rewrites.set('created_at', { set: date(now) });
  rewrites.set('last_modified_at', { set: date(now) });
  return rewrites;
}

function withFields(fields: readonly MediaField[], place: TextRewrite): Map<string, Rewrite> {
  const root = new Map<string, Rewrite>();
  for (const { path } of fields) {
    let inside = root;
    for (const [i, key] of path.entries()) {
      if (i === path.length - 1) inside.set(key, place);
      else {
        const next = inside.get(key) instanceof Map ? (inside.get(key) as Map<string, Rewrite>) : new Map<string, Rewrite>();
        inside.set(key, next);
        inside = next;
      }
    }
  }
  return root;
}
