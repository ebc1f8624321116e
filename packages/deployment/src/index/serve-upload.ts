import { createWriteStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import busboy from 'busboy';
import { addFile } from './add-file.js';
import { tell } from './answer.js';
import type { AppContext } from './app-env.js';
import type { Catalogue } from './catalogue.js';
import type { FileStore } from './file-store.js';
import { Refusal } from './refusal.js';

/** What an upload may be. */
export interface UploadLimits {
  /** In bytes. */
  readonly largestFile: number;
}

/** The largest text of a form: descriptions are among them. */
const LARGEST_FIELD = 2 * 2 ** 20;

/** What a form has besides its file. */
const LARGEST_FORM = 16 * 2 ** 20;

/** Takes a file as twine and uv send it. @returns the answer, and what became of the file */
export async function serveUpload(
  c: AppContext,
  catalogue: Catalogue,
  files: FileStore,
  limits: UploadLimits,
): Promise<{ answer: Response; name: string; isNew: boolean }> {
  // said before all of it is sent; a form without a length is measured as it comes
  if (Number(c.req.header('content-length') ?? 0) > limits.largestFile + LARGEST_FORM) throw tooLarge(limits);
  const folder = await mkdtemp(join(tmpdir(), 'fiftyone-upload-'));
  try {
    const path = join(folder, 'file');
    const { fields, name } = await received(c.env.incoming, path, limits);
    if (fields.get(':action') !== 'file_upload') throw new Refusal(400, 'The form does not say that it uploads a file');
    if (name === undefined) throw new Refusal(400, 'The form has no file in the field "content"');
    const stated = {
      project: fields.get('name'),
      version: fields.get('version'),
      sha256: fields.get('sha256_digest') || undefined,
      md5: fields.get('md5_digest') || undefined,
      blake2b256: fields.get('blake2_256_digest') || undefined,
    };
    const isNew = await addFile(catalogue, files, { path, name, by: c.get('holder').id, stated });
    return { answer: tell(c, 200, isNew ? 'OK' : 'OK: the same file is there already'), name, isNew };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Reads the form; its file goes to disk. */
async function received(incoming: AppContext['env']['incoming'], path: string, { largestFile }: UploadLimits) {
  const fields = new Map<string, string>();
  let name: string | undefined;
  let writing: Promise<void> | undefined;
  let problem: Refusal | undefined;
  const form = openForm(incoming.headers, largestFile);
  form.on('field', (key, value, { valueTruncated }) => {
    if (valueTruncated) problem ??= new Refusal(413, `The field ${JSON.stringify(key)} is too large`);
    // the others are what the file itself says
    if (!fields.has(key) && value.length < 1000) fields.set(key, value);
  });
  form.on('file', (key, file: Readable & { truncated?: boolean }, { filename }) => {
    if (key !== 'content' || writing) return void file.resume();
    name = filename;
    writing = pipeline(file, createWriteStream(path, { flags: 'wx' })).then(() => {
      if (file.truncated) problem ??= tooLarge({ largestFile });
    });
    // it is waited for below
    writing.catch(() => {});
  });
  try {
    await pipeline(incoming as NodeJS.ReadableStream, form);
    await writing;
  } catch (error) {
    if (incoming.destroyed && !incoming.complete) throw new Refusal(400, 'The upload broke off');
    throw problem ?? new Refusal(400, `The form cannot be read: ${(error as Error).message}`);
  }
  if (problem) throw problem;
  return { fields, name };
}

function openForm(headers: AppContext['env']['incoming']['headers'], largestFile: number) {
  try {
    const limits = { fileSize: largestFile, files: 4, fields: 2000, parts: 2010, fieldSize: LARGEST_FIELD };
    return busboy({ headers, limits, preservePath: true });
  } catch {
    throw new Refusal(400, 'This is no form with a file (multipart/form-data)');
  }
}

function tooLarge({ largestFile }: UploadLimits): Refusal {
  return new Refusal(413, `The file is larger than ${largestFile} bytes, which is the most`);
}
