import { resolve } from 'node:path';
import type { SampleCollection } from '../datasets/sample-collection.js';
import { UsageError } from '../errors.js';
import { type MediaCache, mediaCache } from '../media/media-cache.js';
import { type MediaSettings, readMediaSettings } from '../media/media-settings.js';
import { openMedia } from '../media/open-media.js';
import type { OpenStore } from '../media/open-stores.js';
import { placeOf } from '../media/place.js';
import { isRemotePath } from '../media/remote-path.js';
import { StoreError } from '../media/store-error.js';
import { FileTable } from '../media/transfer/file-table.js';
import { type KeyFor, keyFor } from '../media/transfer/key-for.js';
import { planTransfer } from '../media/transfer/plan-transfer.js';
import { refuseTransfer, sendTransfer } from '../media/transfer/send-transfer.js';
import { shownPath } from '../media/transfer/shown-path.js';
import type { Outcome, RefusedFile, TransferOptions, WantedFile } from '../media/transfer/transfer-options.js';
import type { PlannedFailure, TransferSummary } from '../media/transfer/transfer-plan.js';
import { environment } from '../settings.js';
import { mediaFieldOf } from './find-field.js';
import { localPathsOf } from './local-paths.js';
import { openManifest } from './manifest-file.js';
import { checkMayChange } from './may-change.js';
import type { MediaField } from './media-fields.js';
import { changePaths, type PathChange } from './path-changes.js';
import { type MediaReference, mediaReferences } from './references.js';
import { checkUploadOptions, type PlanUploadOptions, type UploadOptions } from './upload-options.js';
import { uploadProgress } from './upload-progress.js';

/** How many files go into the cache before it is asked whether it is full. */
const CACHED_AT_ONCE = 1000;

/** How many failures are listed; all are counted. */
const LISTED = 20;

/** What an upload would do. */
export interface UploadPlan extends TransferSummary {
  /** Where the files of each field go. */
  readonly folders: Readonly<Record<string, string>>;
  /** How many places in the dataset name the files. */
  readonly references: number;
  /** How many of them are in a store already, and stay as they are. */
  readonly remote: number;
}

/** What became of an upload. */
export interface UploadReport {
  readonly folders: Readonly<Record<string, string>>;
  /** How many files were sent, and how many bytes they have. */
  readonly sent: { readonly files: number; readonly bytes: number };
  /** How many files were there already. */
  readonly there: number;
  readonly skipped: number;
  readonly failed: { readonly count: number; readonly listed: readonly PlannedFailure[] };
  /** The changes of paths in the dataset, and the run by which they can be taken back; undefined if none were asked for. */
  readonly changes?: { readonly run: string | null; readonly changed: number; readonly already: number; readonly others: number };
}

/**
 * Says what `uploadMedia` with the same options would do: how many files and bytes, what is there already, and every collision. Writes
 * nothing, in the store or in the dataset.
 */
export async function planUpload(
  samples: SampleCollection,
  remoteDir: string,
  options: PlanUploadOptions = {},
): Promise<UploadPlan> {
  checkUploadOptions('planUpload', options);
  const upload = new Upload(samples, remoteDir, options);
  const { summary } = await planTransfer(upload.open, () => upload.wanted(), upload.transferOptions());
  return { folders: upload.folders, references: upload.references, remote: upload.left, ...summary };
}

/**
 * Uploads the media of a dataset or view to a cloud: `s3://bucket/folder`, `gs://…`, `https://ACCOUNT.blob.core.windows.net/container/…`, an
 * alias, or a folder of this machine. What is there with the same content is not sent again; each file is verified, and with
 * `updateFilepaths` the dataset is told, so the same call made again does what is left. `fiftyone media revert` takes the paths back.
 *
 * @returns the remote paths in the order of the samples (of a grouped dataset those of all slices), then of the frames. What has no
 *   value has none; what could not be sent has the path that it had
 * @throws CollisionError, UnsendableError or StoreError (no bucket, no access) before anything is sent; StoreError for the first file
 *   that fails, unless failures are to be skipped
 */
export async function uploadMedia(samples: SampleCollection, remoteDir: string, options: UploadOptions = {}): Promise<string[]> {
  const paths: string[] = [];
  await upload(samples, remoteDir, options, (path) => paths.push(path));
  return paths;
}

/** The same, and tells what became of it. @param onPath is given the path of each reference in order */
export async function upload(
  samples: SampleCollection,
  remoteDir: string,
  options: UploadOptions = {},
  onPath: (path: string) => void = () => {},
): Promise<UploadReport> {
  checkUploadOptions('uploadMedia', options);
  return await new Upload(samples, remoteDir, options).run(onPath);
}

class Upload {
  readonly open: OpenStore;
  readonly folders: Record<string, string> = {};
  /** Counted anew by each pass over the dataset. */
  references = 0;
  left = 0;
  readonly #cache: MediaCache;
  readonly #isRemote: (path: string) => boolean;
  readonly #fields: readonly MediaField[];
  readonly #keyFor: KeyFor;
  readonly #memory: string;

  constructor(
    readonly samples: SampleCollection,
    remoteDir: string,
    readonly options: UploadOptions,
  ) {
    const { env = environment(), concurrency, bytesPerSecond, relDir } = options;
    const settings = readMediaSettings(env);
    this.open = openMedia(settings, { concurrency, bytesPerSecond });
    this.#cache = mediaCache(settings, this.open);
    // also in stores that only other machines know
    this.#isRemote = isRemotePath;
    this.#keyFor = keyFor({ relDir });
    this.#memory = settings.cacheDir;
    const named = foldersOf(remoteDir, options.mediaField ?? 'filepath').map(
      ([name, folder]) => [name, checkedFolder(folder, settings)] as const,
    );
    this.#fields = named.map(([name]) => mediaFieldOf(samples, name));
    for (const [i, field] of this.#fields.entries()) {
      if (this.folders[field.name] !== undefined) {
        throw new UsageError(`mediaField names '${field.name}' twice`, {
          hint: 'name each field once: a label stands for the field of its files',
        });
      }
      const folder = (named[i] as readonly [string, string])[1];
      this.folders[field.name] = folder;
    }
  }

  transferOptions(): TransferOptions {
    const { overwrite, onCollision, skipFailures, signal, onProgress } = this.options;
    return {
      overwrite,
      onCollision,
      skipFailures,
      signal,
      memory: this.#memory,
      listed: LISTED,
      onProgress: uploadProgress(onProgress),
    };
  }

  /**
   * Files to send, in batches. What is below the folder already is wanted as it is, so that nothing takes its place.
   *
   * @param given gets each reference, and whether nothing is wanted for it
   */
  async *wanted(
    given: (reference: MediaReference, isLeft: boolean) => void = () => {},
  ): AsyncGenerator<(WantedFile | RefusedFile)[]> {
    this.references = 0;
    this.left = 0;
    const reading = { whileChanging: this.options.updateFilepaths === true, signal: this.options.signal };
    for await (const references of mediaReferences(this.samples, this.#fields, reading)) {
      const batch: (WantedFile | RefusedFile)[] = [];
      for (const reference of references) {
        const isLeft = this.#stays(reference);
        this.references++;
        if (isLeft) this.left++;
        else batch.push(await this.#wantedFor(reference));
        given(reference, isLeft);
      }
      if (batch.length > 0) yield batch;
    }
  }

  #isSent({ path, field }: MediaReference): boolean {
    return path.startsWith(`${this.folders[field.name]}/`);
  }

  #stays(reference: MediaReference): boolean {
    return !this.#isSent(reference) && this.options.remote !== 'copy' && this.#isRemote(reference.path);
  }

  async #wantedFor(reference: MediaReference): Promise<WantedFile | RefusedFile> {
    const { path, field } = reference;
    if (this.#isSent(reference)) return { from: path, to: path };
    try {
      return { from: path, to: `${this.folders[field.name]}/${await this.#keyFor(path)}`, relDir: this.options.relDir };
    } catch (error) {
      if (error instanceof StoreError) return { from: path, refused: error };
      throw error;
    }
  }

  async run(onPath: (path: string) => void): Promise<UploadReport> {
    const { options, samples } = this;
    const { updateFilepaths = false, skipFailures = false } = options;
    // whoever may not write, or has a view that cannot be written to, is told before hours of sending
    if (updateFilepaths) await checkMayChange(samples, this.#fields);
    const transfer = this.transferOptions();
    const plan = await planTransfer(this.open, () => this.wanted(), transfer);
    refuseTransfer(plan, skipFailures);
    const manifest = options.manifest === undefined ? undefined : await openManifest(options.manifest);
    const outcomes = new Map<Outcome, number>();
    let bytes = 0;
    const failed: PlannedFailure[] = [];
    const queue: { reference: MediaReference; isLeft: boolean }[] = [];
    const wanted = () => this.wanted((reference, isLeft) => queue.push({ reference, isLeft }));
    const line: TransferOptions['manifest'] = async (line) => {
      outcomes.set(line.what, (outcomes.get(line.what) ?? 0) + 1);
      if (['sent', 'replaced', 'renamed'].includes(line.what)) bytes += line.size;
      if (line.error !== undefined && failed.length < LISTED) failed.push({ from: line.from, reason: line.error });
      await manifest?.add(line);
    };

    /** Gives the references back their results, which come in the same order. */
    const changes = async function* (upload: Upload): AsyncGenerator<PathChange[]> {
      for await (const results of sendTransfer(upload.open, wanted, plan, { ...transfer, manifest: line })) {
        await manifest?.flush();
        const changed: PathChange[] = [];
        for (const { to } of results) {
          for (; queue[0]?.isLeft; queue.shift()) onPath(queue[0].reference.path);
          const reference = (queue.shift() as { reference: MediaReference }).reference;
          onPath(to ?? reference.path);
          if (to !== undefined) changed.push({ reference, to });
        }
        yield changed;
        for (const { from, to } of results) if (to !== undefined && !upload.#isRemote(from)) uploaded.add(from, to);
      }
      for (const { reference } of queue) onPath(reference.path);
    };
    const uploaded = new FileTable();

    try {
      let report: UploadReport['changes'];
      if (updateFilepaths) {
        const purpose = { command: 'upload', note: Object.values(this.folders).join(' ') };
        report = await changePaths(samples.connection, samples.doc, changes(this), { ...purpose, signal: options.signal });
      } else for await (const _ of changes(this));
      if (options.cache) await this.#keepInCache(uploaded, options.cache === 'move');
      const count = (...some: Outcome[]) => some.reduce((sum, what) => sum + (outcomes.get(what) ?? 0), 0);
      return {
        folders: this.folders,
        sent: { files: count('sent', 'replaced', 'renamed'), bytes },
        there: count('there'),
        skipped: count('skipped'),
        failed: { count: count('failed'), listed: failed },
        ...(report && { changes: { run: report.run, changed: report.changed, already: report.already, others: report.others } }),
      };
    } finally {
      await manifest?.close();
    }
  }

  /** When all is written: what the dataset still names stays where it is. */
  async #keepInCache(uploaded: FileTable, isMove: boolean): Promise<void> {
    const named = isMove ? await localPathsOf(this.samples.connection, this.#isRemote) : undefined;
    for (let row = 0; row < uploaded.length; row += CACHED_AT_ONCE) {
      const rows = Array.from({ length: Math.min(CACHED_AT_ONCE, uploaded.length - row) }, (_, i) => row + i);
      const files = rows.map((one) => ({ from: uploaded.from(one), to: uploaded.to(one) }));
      const mayGo = ({ from }: { from: string }) => named !== undefined && !named.has(resolve(from));
      await this.#cache.adopt(files.filter(mayGo), 'move');
      await this.#cache.adopt(
        files.filter((file) => !mayGo(file)),
        'copy',
      );
    }
  }
}

/**
 * A folder as it is to be in the paths of the dataset: one of this machine from its root on.
 *
 * @throws UsageError for one to which nothing can be written, or in which nothing would be found again
 */
function checkedFolder(folder: string, settings: MediaSettings): string {
  refuseSecrets(folder);
  const place = placeOf(folder, settings);
  if (place.kind === 'http') {
    throw new UsageError(`${folder}: nothing can be written to plain addresses`, {
      hint: 'give a bucket (s3://…, gs://…), a container of Azure, or a folder; MinIO needs MINIO_ENDPOINT_URL',
    });
  }
  if (place.kind === 'local') return withoutSlash(resolve(folder));
  const plain = withoutSlash(place.key);
  if (plain !== '' && plain.split('/').some((name) => ['', '.', '..'].includes(name))) {
    throw new UsageError(`${folder}: stores take '..', '.' and doubled slashes for names, or for something else`, {
      hint: 'give the folder as it is called in the bucket',
    });
  }
  return withoutSlash(folder);
}

/** What is in the address of a folder would be in every path of the dataset. @throws UsageError for a login or a signature */
function refuseSecrets(folder: string): void {
  if (!/^https?:\/\//i.test(folder)) return;
  const plain = shownPath(folder);
  if (/^[^/]*\/\/[^/]*@/.test(plain)) {
    const [, scheme, rest] = /^([^/]*\/\/)[^/]*@(.*)$/s.exec(plain) as unknown as string[];
    throw new UsageError(`${scheme}***@${rest}: a login does not belong into the address of a folder`, { hint: LOGINS });
  }
  if (plain !== folder)
    throw new UsageError(`${plain}: a signature does not belong into the address of a folder`, { hint: LOGINS });
}

const LOGINS = 'give the address alone, and the login by AZURE_…, MINIO_… or the other variables that docs/media.md names';

/** The folder of each field. @throws UsageError if two have one */
function foldersOf(remoteDir: string, mediaField: NonNullable<UploadOptions['mediaField']>): [field: string, folder: string][] {
  if (typeof remoteDir !== 'string' || remoteDir === '')
    throw new UsageError('uploadMedia needs the folder to upload to', { hint: 'such as s3://bucket/folder' });
  // `s3://` without a bucket is not the folder `s3:`
  const root = /^[a-z][a-z0-9+.-]+:\/+$/i.test(remoteDir) ? remoteDir : withoutSlash(remoteDir) || '/';
  if (typeof mediaField === 'string') return [[mediaField, root]];
  const isList = Array.isArray(mediaField);
  const pairs = isList
    ? (mediaField as readonly string[]).map((name): [string, string] => [
        name,
        mediaField.length === 1 ? root : `${root}/${name}`,
      ])
    : Object.entries(mediaField).map(([name, folder]): [string, string] => [name, inside(root, folder)]);
  if (pairs.length === 0) throw new UsageError('mediaField names no field');
  return pairs;
}

/** A folder for a field may be an address of its own, or below the remote folder. */
function inside(root: string, folder: string): string {
  const given = withoutSlash(folder);
  if (given === '') return root;
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(given) || given.startsWith('/') ? given : `${root}/${given}`;
}

function withoutSlash(folder: string): string {
  return folder.replace(/\/+$/, '');
}
