import { checkOptions, type OptionNames } from '../check-options.js';
import type { OnProgress } from '../datasets/progress.js';
import { UsageError } from '../errors.js';
import type { OnCollision } from '../media/transfer/transfer-options.js';
import type { Env } from '../settings.js';

/** Which media goes where. What cannot go there, or would replace something, is found before the first file is sent. */
export interface PlanUploadOptions {
  /** Keep the paths of files relative to this folder; otherwise each keeps only its name. */
  readonly relDir?: string;
  /**
   * The field whose files are uploaded, such as `thumbnail_path`, `ground_truth` or `frames.objects.detections.mask_path`. Of several,
   * the files of each go to a folder of its name in the remote folder; an object says for each field which folder it is.
   * Default: `filepath`
   */
  readonly mediaField?: string | readonly string[] | Readonly<Record<string, string>>;
  /** Replace what is in the store with other content. Default: false, it is a collision */
  readonly overwrite?: boolean;
  /**
   * What becomes of files of which one would replace another, or what is in the store: `refuse` all, `skip` them, or `rename`.
   * Default: `refuse`
   */
  readonly onCollision?: OnCollision;
  /** Go on with the others when a file cannot be sent. Default: false */
  readonly skipFailures?: boolean;
  /** What to do with paths that are in a store already: leave them alone, or copy the files. Default: `leave` */
  readonly remote?: 'leave' | 'copy';
  /** How many requests may be under way at once. Default: finds out, up to 64 */
  readonly concurrency?: number;
  /** How many bytes may go per second. Default: no limit */
  readonly bytesPerSecond?: number;
  readonly onProgress?: OnProgress;
  /** Ends the upload after the files that are under way; the same call does what is left. */
  readonly signal?: AbortSignal;
  /** The variables with settings and credentials of stores. Default: those of this process */
  readonly env?: Env;
}

export interface UploadOptions extends PlanUploadOptions {
  /** Change the paths in the dataset to those in the store, batch by batch, as soon as their files are there. Default: false */
  readonly updateFilepaths?: boolean;
  /** Put the files also into the cache of this machine: `copy` (or true), or `move` them there. Default: false */
  readonly cache?: boolean | 'copy' | 'move';
  /** A file that gets a line of JSON for each file that was wanted: from, to, size, checksum, what became of it. */
  readonly manifest?: string;
}

const PLAN_OPTIONS: OptionNames<PlanUploadOptions> = {
  relDir: 'string',
  mediaField: 'anything',
  overwrite: 'boolean',
  onCollision: 'string',
  skipFailures: 'boolean',
  remote: 'string',
  concurrency: 'anything',
  bytesPerSecond: 'anything',
  onProgress: 'function',
  signal: 'anything',
  env: 'anything',
};

const OPTIONS: OptionNames<UploadOptions> = {
  ...PLAN_OPTIONS,
  updateFilepaths: 'boolean',
  cache: 'anything',
  manifest: 'string',
};

/** @throws UsageError for an option that does not exist, or cannot be what it is */
export function checkUploadOptions(verb: string, options: UploadOptions): void {
  checkOptions(verb, options, verb === 'planUpload' ? (PLAN_OPTIONS as OptionNames<UploadOptions>) : OPTIONS);
  const { onCollision, remote, cache, updateFilepaths, overwrite, concurrency, bytesPerSecond } = options;
  oneOf('onCollision', onCollision, ['refuse', 'skip', 'rename']);
  oneOf('remote', remote, ['leave', 'copy']);
  oneOf('cache', cache, [false, true, 'copy', 'move']);
  if (cache === 'move' && !updateFilepaths) {
    throw new UsageError('files cannot be moved into the cache while the dataset says that they are where they were', {
      hint: "choose updateFilepaths as well, or cache: 'copy'",
    });
  }
  if (overwrite && onCollision === 'skip') {
    throw new UsageError('overwrite replaces what onCollision skips: choose one of them');
  }
  for (const [name, value] of Object.entries({ concurrency, bytesPerSecond })) {
    if (value !== undefined && !(Number.isSafeInteger(value) && value > 0))
      throw new UsageError(`${name} must be a whole number above 0`);
  }
}

function oneOf(name: string, value: unknown, choices: readonly unknown[]): void {
  if (value === undefined || choices.includes(value)) return;
  throw new UsageError(`the option ${name} must be one of: ${choices.join(', ')}`);
}
