import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { checkOptions, type OptionNames } from '../check-options.js';
import { Pace } from '../datasets/pace.js';
import type { OnProgress } from '../datasets/progress.js';
import type { SampleCollection } from '../datasets/sample-collection.js';
import { UsageError } from '../errors.js';
import { atOnce } from '../media/at-once.js';
import { pathBeside } from '../media/beside.js';
import { readMediaSettings } from '../media/media-settings.js';
import { openMedia } from '../media/open-media.js';
import { type MediaStore, pathIn, type StoredObject } from '../media/store.js';
import { StoreError } from '../media/store-error.js';
import { lookUp } from '../media/transfer/look-up.js';
import { readText } from '../media/transfer/read-text.js';
import type { ManifestLine } from '../media/transfer/transfer-options.js';
import { type Env, environment } from '../settings.js';
import { mediaFieldOf, shownMediaFields } from './find-field.js';
import { manifestLine } from './manifest-file.js';
import type { MediaField } from './media-fields.js';
import { PathSet } from './path-set.js';
import { mediaReferences } from './references.js';
import { isScene, namedIn } from './scene-assets.js';

export interface VerifyMediaOptions {
  /** Default: all media fields */
  readonly mediaField?: string | readonly string[];
  /** The manifest of an upload, with which sizes and checksums are compared. Default: files only have to be there */
  readonly manifest?: string;
  readonly onProgress?: OnProgress;
  readonly signal?: AbortSignal;
  /** The variables with settings and credentials of stores. Default: those of this process */
  readonly env?: Env;
}

const OPTIONS: OptionNames<VerifyMediaOptions> = {
  mediaField: 'anything',
  manifest: 'string',
  onProgress: 'function',
  signal: 'anything',
  env: 'anything',
};

/** A file that is not as it should be. */
export interface MediaProblem {
  readonly path: string;
  readonly problem: string;
}

/** What is where. */
export interface VerifyMediaReport {
  readonly fields: readonly string[];
  /** How many places in the dataset name files, and how many different files that are, with those that scenes name. */
  readonly references: number;
  readonly files: number;
  readonly bytes: number;
  /** How many were compared with the manifest. */
  readonly compared: number;
  /** How many are missing, or not what the manifest says. */
  readonly problems: { readonly count: number; readonly listed: readonly MediaProblem[] };
}

const AT_ONCE = 64;
const SCENES_AT_ONCE = 32;
const LISTED = 20;

/**
 * Looks whether all files that a dataset or view names are there, and those that its 3D scenes name, with a list of each folder in a store instead of a question per file.
 *
 * @throws StoreError `denied` or `no bucket`; UsageError for a manifest that cannot be read
 */
export async function verifyMedia(samples: SampleCollection, options: VerifyMediaOptions = {}): Promise<VerifyMediaReport> {
  checkOptions('verifyMedia', options, OPTIONS);
  const fields = fieldsOf(samples, options.mediaField);
  const pace = new Pace(options.onProgress, options.signal);
  const settings = readMediaSettings(options.env ?? environment());
  const open = openMedia(settings);
  const stores = new Map<MediaStore, PathSet>();
  let [references, done, bytes, compared, count] = [0, 0, 0, 0, 0];
  const listed: MediaProblem[] = [];
  const problem = (path: string, what: string) => {
    count++;
    if (listed.length < LISTED) listed.push({ path, problem: what });
  };

  /** @returns whether it is new */
  const learn = async (path: string): Promise<boolean> => {
    try {
      const { store, key } = await open(path);
      const keys = stores.get(store) ?? new PathSet();
      stores.set(store, keys);
      return keys.add(key);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      problem(path, 'is in no store that is known');
      return false;
    }
  };

  for await (const batch of mediaReferences(samples, fields, { signal: options.signal })) {
    references += batch.length;
    pace.tell({ what: 'Reading media paths', done: references, unit: 'paths' });
    const scenes: string[] = [];
    for (const { path } of batch) if ((await learn(path)) && isScene(path)) scenes.push(path);
    await atOnce(scenes, SCENES_AT_ONCE, async (scene) => {
      // one that cannot be read is looked for like all others
      const text = await open(scene).then(readText).catch(storeTrouble);
      for (const path of namedIn(text ?? '')) {
        const asset = pathBeside(scene, path, settings);
        if (asset === undefined) problem(`${scene}: ${path}`, 'is out of its bucket');
        else await learn(asset);
      }
    });
  }
  for await (const { to, size, checksum } of options.manifest === undefined ? [] : linesOf(options.manifest)) {
    if (to === undefined) continue;
    const { store, key } = await open(to);
    stores.get(store)?.expect(key, size, checksum);
  }

  const files = [...stores.values()].reduce((sum, { size }) => sum + size, 0);
  const tell = () => pace.tell({ what: 'Verifying media', done, total: files, unit: 'files' });
  for (const [store, keys] of stores) {
    const found = async (object: StoredObject): Promise<void> => {
      const expected = keys.find(object.key);
      if (expected === undefined) return;
      done++;
      bytes += object.size;
      tell();
      if (expected.size === undefined) return;
      compared++;
      const path = pathIn(store, object.key);
      if (object.size !== expected.size) problem(path, `has ${object.size} bytes, not ${expected.size}`);
      else if (expected.checksum !== undefined && object.checksum !== undefined && object.checksum !== expected.checksum)
        problem(path, `has the checksum ${object.checksum}, not ${expected.checksum}`);
    };
    if (store.isLocal) await onDisk(store, keys, found);
    else
      await lookUp(store, {
        keys: () => keys.open(),
        count: keys.size,
        found,
        isOpen: (key) => keys.isOpen(key),
        failed: (key, error) => problem(pathIn(store, key), error.message),
      });
    for (const key of keys.open()) {
      done++;
      problem(pathIn(store, key), 'is missing');
    }
    tell();
  }
  if (options.manifest !== undefined && compared === 0 && files > 0) {
    problem(options.manifest, 'is about none of these files');
  }
  return { fields: fields.map(({ name }) => name), references, files, bytes, compared, problems: { count, listed } };
}

function storeTrouble(error: unknown): undefined {
  if (!(error instanceof StoreError)) throw error;
  return undefined;
}

function fieldsOf(samples: SampleCollection, given: VerifyMediaOptions['mediaField']): readonly MediaField[] {
  if (given === undefined) return shownMediaFields(samples);
  return (typeof given === 'string' ? [given] : given).map((name) => mediaFieldOf(samples, name));
}

async function onDisk(store: MediaStore, keys: PathSet, found: (object: StoredObject) => Promise<void>): Promise<void> {
  await atOnce(keys.open(), AT_ONCE, async (key) => {
    const file = await stat(pathIn(store, key)).catch(() => undefined);
    if (file?.isFile()) await found({ key, size: file.size, modified: file.mtime, version: '', checksum: undefined });
  });
}

async function* linesOf(manifest: string): AsyncGenerator<ManifestLine> {
  const file = createReadStream(manifest);
  let number = 0;
  try {
    for await (const text of createInterface({ input: file, crlfDelay: Number.POSITIVE_INFINITY })) {
      number++;
      if (text === '') continue;
      yield manifestLine(text);
    }
  } catch (error) {
    if (error instanceof SyntaxError)
      throw new UsageError(`${manifest}:${number}: ${error.message}`, {
        hint: 'give the file that an upload wrote with --manifest',
      });
    const { code } = error as NodeJS.ErrnoException;
    if (code !== undefined) throw new UsageError(`cannot read the manifest ${manifest}: ${code}`);
    throw error;
  } finally {
    file.destroy();
  }
}
