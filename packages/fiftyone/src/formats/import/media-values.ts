import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Doc, type ReadonlyDoc, type Value } from '../../bson/index.js';
import { ImportError } from '../../errors.js';
import { frameMediaFields, type MediaField, sampleMediaFields } from '../export/media-fields.js';
import { FRAME_MEDIA } from '../layout.js';
import type { ExportFolder } from './export-folder.js';
import { fieldPath } from './media-paths.js';

/** Changes a document; tells whether it did. */
export type Change = (doc: Doc) => boolean;

/** Gives the media of samples, other than their own, their place: what was exported with them, and all that is relative to `relDir`. */
export function sampleMedia(folder: ExportFolder, relDir: string | undefined): Change | undefined {
  const fields = sampleMediaFields(folder.metadata).filter(({ name }) => relDir !== undefined || folder.mediaFields.has(name));
  const root = relDir ?? folder.path;
  return changeOf(fields, (given) => fieldPath(root, given));
}

/** Gives the media of frames that were exported their place. */
export async function frameMedia(folder: ExportFolder, relDir: string | undefined): Promise<Change | undefined> {
  const root = relDir ?? folder.path;
  const exported = await readFrameMedia(folder);
  const fields = frameMediaFields(folder.metadata);
  if (exported === undefined) return relDir === undefined ? undefined : changeOf(fields, (given) => fieldPath(root, given));
  return changeOf(fields, (given) => {
    const place = exported[given];
    return typeof place === 'string' ? fieldPath(root, place) : relDir === undefined ? given : fieldPath(root, given);
  });
}

async function readFrameMedia({ path }: ExportFolder): Promise<Record<string, unknown> | undefined> {
  let text: string;
  try {
    text = await readFile(join(path, FRAME_MEDIA), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return Object.assign(Object.create(null), JSON.parse(text));
  } catch (error) {
    throw new ImportError(path, [`${FRAME_MEDIA}: ${(error as Error).message}`]);
  }
}

function changeOf(fields: readonly MediaField[], place: (given: string) => string): Change | undefined {
  if (fields.length === 0) return undefined;
  return (doc) => fields.map(({ path }) => changeAt(doc, path, place)).includes(true);
}

function changeAt(doc: ReadonlyDoc, [key, ...rest]: readonly string[], place: (given: string) => string): boolean {
  const value = key === undefined ? undefined : doc.get(key);
  if (value === undefined || key === undefined) return false;
  const after = changedValue(value, rest, place);
  if (typeof after === 'string' && after !== value) (doc as Doc).set(key, after);
  return after !== undefined;
}

/** A value with what is at a path below it changed: the new string, the same document or list changed inside, or undefined if nothing changed. */
function changedValue(value: Value, path: readonly string[], place: (given: string) => string): Value | undefined {
  if (Array.isArray(value)) {
    let changed = false;
    for (const [i, item] of value.entries()) {
      const after = changedValue(item, path, place);
      if (after === undefined) continue;
      value[i] = after;
      changed = true;
    }
    return changed ? value : undefined;
  }
  if (path.length > 0) return value instanceof Doc && changeAt(value, path, place) ? value : undefined;
  if (typeof value !== 'string') return undefined;
  const after = place(value);
  return after === value ? undefined : after;
}
