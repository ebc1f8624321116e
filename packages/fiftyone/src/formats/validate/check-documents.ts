import { statSync } from 'node:fs';
import { relative } from 'node:path';
import { type Doc, decode, numberOf, ObjectId, type ReadonlyDoc } from '../../bson/index.js';
import { type MediaField, sampleMediaFields } from '../../dataset-media/media-fields.js';
import { textsIn } from '../../dataset-media/texts-in.js';
import { ImportError } from '../../errors.js';
import { readFields } from '../../fields/index.js';
import { isRemotePath } from '../../media/remote-path.js';
import { kindOf } from '../../migrations/shape.js';
import { isVersion } from '../../version.js';
import { declaredKeys, IN_FRAMES, IN_SAMPLES, type SchemaKey } from '../import/declared-keys.js';
import type { DocumentsAt, ExportFolder } from '../import/export-folder.js';
import { readFrameMedia } from '../import/frame-media.js';
import { IdSet } from '../import/id-set.js';
import { fieldPath, mediaPath } from '../import/media-paths.js';
import { readDocuments, UnreadableFileError } from '../import/read-documents.js';
import { temporalTag } from '../import/temporal-tags.js';
import { UndeclaredKeys } from '../import/undeclared-keys.js';
import { FRAME_MEDIA } from '../layout.js';
import { ValueCheck, type WrongValue } from './check-values.js';
import type { Problems } from './export-problem.js';
import type { ValidateOptions } from './validate-export.js';

/** So many ids are remembered: more would need more than 200 MB of memory. */
const MOST_IDS = 6_000_000;

/** Looks at all samples, frames and temporal tags. @returns how many there are */
export async function checkDocuments(
  folder: ExportFolder,
  problems: Problems,
  { onProgress, relDir }: ValidateOptions,
): Promise<{ samples: number; frames: number }> {
  const ids = new IdSet(12, MOST_IDS);
  const media = new MediaFiles(folder, relDir, problems);
  const values = valueCheck(folder, 'sample_fields');
  const frameValues = valueCheck(folder, 'frame_fields');
  const samples = await eachDocument(
    folder,
    folder.samples,
    problems,
    onProgress,
    declared(folder, 'sample_fields'),
    (doc, place, file) => {
      const id = doc.get('_id');
      if (!(id instanceof ObjectId))
        problems.add('warning', file, `is ${kindOf(id)}, expected an ObjectId`, { place: `${place}._id` });
      else if (!ids.add(Buffer.from(id.id)))
        problems.add('error', file, `${id} is the id of another sample too`, { place: `${place}._id` });
      media.check(doc, place, file);
      values?.look(doc, tellOf(problems, file, place));
    },
  );
  media.end();
  await checkFrameMedia(folder, relDir, problems);
  if (folder.frames === undefined) {
    await checkTags(folder, problems, ids);
    return { samples, frames: 0 };
  }
  const [frameIds, numbers] = [new IdSet(12, MOST_IDS), new IdSet(16, MOST_IDS)];
  const frames = await eachDocument(
    folder,
    folder.frames,
    problems,
    onProgress,
    declared(folder, 'frame_fields'),
    (doc, place, file) => {
      frameValues?.look(doc, tellOf(problems, file, place));
      const [id, sample, number] = [doc.get('_id'), doc.get('_sample_id'), numberOf(doc.get('frame_number'))];
      if (id instanceof ObjectId && !frameIds.add(Buffer.from(id.id))) {
        problems.add('error', file, `${id} is the id of another frame too`, { place: `${place}._id` });
      }
      if (number === undefined || !Number.isInteger(number) || number < 1) {
        problems.add('error', file, `is ${kindOf(doc.get('frame_number'))}, expected an integer from 1 on`, {
          place: `${place}.frame_number`,
        });
      }
      if (!(sample instanceof ObjectId)) {
        problems.add('error', file, `is ${kindOf(sample)}, expected the id of a sample`, { place: `${place}._sample_id` });
        return;
      }
      if (!ids.isFull && !ids.has(Buffer.from(sample.id))) {
        problems.add('error', file, `there is no sample ${sample}`, { place: `${place}._sample_id` });
      }
      const key = Buffer.alloc(16);
      key.set(sample.id);
      key.writeInt32LE((number ?? 0) | 0, 12);
      if (!numbers.add(key)) problems.add('error', file, `the sample has another frame ${number}`, { place });
    },
  );
  if (ids.isFull || numbers.isFull) {
    problems.add('note', 'frames.json', `only the first ${MOST_IDS} ids were compared`);
  }
  await checkTags(folder, problems, ids);
  return { samples, frames };
}

function valueCheck({ metadata }: ExportFolder, key: SchemaKey): ValueCheck | undefined {
  const version = metadata.get('version');
  if (typeof version !== 'string' || !isVersion(version)) return undefined;
  return new ValueCheck(readFields(metadata.get(key)), version);
}

function tellOf(problems: Problems, file: string, above: string): (wrong: WrongValue) => void {
  return ({ place, message }) => problems.add('warning', file, message, { place: `${above}.${place}` });
}

async function checkFrameMedia({ path }: ExportFolder, relDir: string | undefined, problems: Problems): Promise<void> {
  try {
    for (const [given, place] of (await readFrameMedia(path)) ?? []) {
      const media = fieldPath(relDir ?? path, place);
      if (!isRemotePath(media) && statOf(media) !== 'a file')
        problems.add('warning', FRAME_MEDIA, `there is no file ${media}`, { place: given });
    }
  } catch (error) {
    if (!(error instanceof ImportError)) throw error;
    for (const reason of error.reasons) problems.add('error', FRAME_MEDIA, reason.replace(`${FRAME_MEDIA}: `, ''));
  }
}

function declared({ metadata }: ExportFolder, key: 'sample_fields' | 'frame_fields'): UndeclaredKeys {
  return new UndeclaredKeys([...(key === 'sample_fields' ? IN_SAMPLES : IN_FRAMES), ...declaredKeys(metadata, key)]);
}

async function eachDocument(
  folder: ExportFolder,
  at: DocumentsAt,
  problems: Problems,
  onProgress: ValidateOptions['onProgress'],
  keys: UndeclaredKeys | undefined,
  look: (doc: ReadonlyDoc, place: string, file: string) => void,
): Promise<number> {
  const name = at.kind === 'legacy' ? 'samples.json' : relative(folder.path, at.path);
  let count = 0;
  const parts = at.kind === 'folder' ? at.files.map((file) => ({ ...at, files: [file] })) : [at];
  for (const part of parts) {
    const file = part.kind === 'folder' ? `${name}/${part.files[0]}` : name;
    try {
      for await (const { documents, done, total } of readDocuments(part)) {
        for (const bytes of documents) {
          keys?.look(bytes);
          look(decode(bytes), part.kind === 'folder' ? '' : `${listName(part)}[${count}]`, file);
          count++;
        }
        const reached =
          part.kind === 'folder' ? { done: count, total: parts.length, unit: 'files' } : { done, total, unit: 'bytes' };
        onProgress?.({ what: `Checking ${name}`, ...reached });
      }
    } catch (error) {
      if (!(error instanceof UnreadableFileError)) throw error;
      problems.add('error', file, error.problem, { byte: error.byte, ...(error.place === '' ? {} : { place: error.place }) });
    }
  }
  for (const { key, count: documents, first } of keys?.found() ?? []) {
    problems.add(
      'warning',
      name,
      `'${key}' of ${documents} documents (the first is number ${first + 1}) is not in the schema of metadata.json`,
    );
  }
  return count;
}

function listName(at: Exclude<DocumentsAt, { kind: 'folder' }>): string {
  return at.kind === 'file' ? at.key : at.what;
}

class MediaFiles {
  readonly #root: string;
  readonly #fields: readonly MediaField[];
  #elsewhere = 0;

  constructor(
    readonly folder: ExportFolder,
    relDir: string | undefined,
    readonly problems: Problems,
  ) {
    this.#root = relDir ?? folder.path;
    this.#fields = sampleMediaFields(folder.metadata).filter(
      ({ holder }) => relDir !== undefined || folder.mediaFields.has(holder),
    );
  }

  check(doc: ReadonlyDoc, place: string, file: string): void {
    const given = doc.get('filepath');
    if (typeof given === 'string') this.#look(given, `${place}.filepath`, file);
    else this.problems.add('warning', file, `is ${kindOf(given)}, expected a path`, { place: `${place}.filepath` });
    for (const { path } of this.#fields) {
      for (const text of textsIn(doc as Doc, path)) this.#look(text, `${place}.${path.join('.')}`, file);
    }
  }

  /** Media that were not exported need not be on this machine. */
  end(): void {
    if (this.#elsewhere === 0) return;
    const files = this.#elsewhere === 1 ? '1 file of the media is' : `${this.#elsewhere} files of the media are`;
    this.problems.add('note', 'samples.json', `${files} not in the export, and not on this machine`);
  }

  #look(given: string, place: string, file: string): void {
    const path = mediaPath(this.#root, given);
    const found = isRemotePath(path) ? undefined : statOf(path);
    if (found === undefined || found === 'a file') return;
    if (found === 'a folder') this.problems.add('warning', file, `${path} is a folder, expected a file`, { place });
    else if (path === given) this.#elsewhere++;
    else this.problems.add('warning', file, `there is no file ${path}`, { place });
  }
}

function statOf(path: string): 'a file' | 'a folder' | 'nothing' {
  try {
    return statSync(path).isDirectory() ? 'a folder' : 'a file';
  } catch {
    return 'nothing';
  }
}

async function checkTags(folder: ExportFolder, problems: Problems, samples: IdSet): Promise<void> {
  if (folder.tags === undefined) return;
  const nowhere = new ObjectId('000000000000000000000000');
  await eachDocument(folder, folder.tags, problems, undefined, undefined, (doc, place, file) => {
    try {
      const sample = temporalTag(doc, nowhere).get('_sample_id') as ObjectId;
      if (samples.isFull || samples.has(Buffer.from(sample.id))) return;
      problems.add('warning', file, `there is no sample ${sample}`, { place: `${place}.sample_id` });
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      problems.add('error', file, error.message, { place });
    }
  });
}
