import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { date, type ObjectId } from '../../bson/index.js';
import type { Rewrite, Rewrites, TextRewrite } from '../../bson/rewrites.js';
import { ImportError } from '../../errors.js';
import { frameMediaFields, type MediaField, sampleMediaFields } from '../export/media-fields.js';
import { FRAME_MEDIA } from '../layout.js';
import type { ExportFolder } from './export-folder.js';
import { fieldPath, mediaPath } from './media-paths.js';

/** What every document of an import gets. */
export interface Stamp {
  readonly dataset: ObjectId;
  /** Milliseconds since 1970 UTC. */
  readonly now: number;
  /** The folder to which relative paths belong, if it is not that of the export. */
  readonly relDir: string | undefined;
}

/** What changes in samples while they are imported. @param tags that they get in addition */
export function sampleRewrites(folder: ExportFolder, stamp: Stamp, tags: readonly string[] = []): Rewrites {
  const root = stamp.relDir ?? folder.path;
  const fields = sampleMediaFields(folder.metadata).filter(
    ({ name }) => stamp.relDir !== undefined || folder.mediaFields.has(name),
  );
  const rewrites = withFields(fields, (given) => fieldPath(root, given));
  rewrites.set('filepath', (given: string) => mediaPath(root, given));
  if (tags.length > 0) rewrites.set('tags', { append: tags });
  return withStamp(rewrites, stamp);
}

/** What changes in frames while they are imported. */
export async function frameRewrites(folder: ExportFolder, stamp: Stamp): Promise<Rewrites> {
  const { relDir } = stamp;
  const root = relDir ?? folder.path;
  const exported = await readFrameMedia(folder);
  const place = (given: string) => {
    const path = exported?.get(given);
    if (path !== undefined) return fieldPath(root, path);
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

async function readFrameMedia({ path }: ExportFolder): Promise<ReadonlyMap<string, string> | undefined> {
  let text: string;
  try {
    text = await readFile(join(path, FRAME_MEDIA), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return new Map(Object.entries(JSON.parse(text)));
  } catch (error) {
    throw new ImportError(path, [`${FRAME_MEDIA}: ${(error as Error).message}`]);
  }
}
