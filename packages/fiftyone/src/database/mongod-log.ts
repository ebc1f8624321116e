import { ConnectionError } from '../errors.js';
import type { MongodBinary } from './mongod-version.js';

/** How a mongod ended before it was ready. */
export interface FailedStart {
  readonly code: number | null;
  readonly signal: string | null;
  /** The end of what it logged. */
  readonly log: string;
}

interface LogLine {
  readonly s: string;
  readonly msg: string;
  readonly attr?: Readonly<Record<string, unknown>>;
}

/** The port on which a mongod waits for connections, once its log says so. */
export function portIn(log: string): number | undefined {
  const port = /"msg":"Waiting for connections","attr":\{"port":(\d+)/.exec(log)?.[1];
  return port === undefined ? undefined : Number(port);
}

/** Whether a mongod ended because another one has the folder open. */
export function isInUse(failed: FailedStart): boolean {
  return failed.log.includes('DBPathInUse');
}

/** Why a mongod did not start, and what to do about it. */
export function startError(folder: string, mongod: MongodBinary, failed: FailedStart): ConnectionError {
  const { log } = failed;
  const complaints = complaintsIn(log);
  const about = (problem: string, hint: string) => {
    const lines = complaints.map((line) => `\n  - ${line}`).join('');
    return new ConnectionError(`the embedded database in ${folder} cannot be opened: ${problem}${lines}`, { hint });
  };
  if (/unsupported WiredTiger|UPGRADE PROBLEM|Wrong mongod version/.test(log)) {
    return about(
      `it was written by a version of MongoDB that ${mongod.version} (${mongod.path}) does not go with`,
      'name the mongod that was used before, or one of the next higher version, with FIFTYONE_MONGOD=/path/to/mongod',
    );
  }
  if (log.includes('No space left on device'))
    return about('the disk is full', 'free some space, or move the folder with FIFTYONE_DATABASE_DIR');
  if (/WT_TRY_SALVAGE|WT_PANIC|database corruption/.test(log)) {
    return about(
      'its files are damaged',
      `restore a backup, or copy the folder and try: ${mongod.path} --repair --dbpath ${folder}`,
    );
  }
  if (/Permission denied|Operation not permitted|Read-only file system/.test(log)) {
    return about(
      'its files may not be read or written',
      'give your user the folder and all that is in it, or choose another with FIFTYONE_DATABASE_DIR',
    );
  }
  if (log.includes('Address already in use')) return about('its port is taken', 'try again');
  const end = failed.signal === null ? `with code ${failed.code}` : `by signal ${failed.signal}`;
  return about(
    `mongod ${mongod.version} (${mongod.path}) ended ${end} while starting`,
    'try to start this mongod by hand on the folder',
  );
}

/** The last few errors in a log, each once, in words; of a log without errors its last lines. */
function complaintsIn(log: string): string[] {
  const lines = log.split('\n').filter((line) => line.trim() !== '');
  const errors = lines.map(parse).filter((line) => line !== undefined && (line.s === 'E' || line.s === 'F')) as LogLine[];
  const words = errors.length > 0 ? errors.map(inWords) : lines.map((line) => line.slice(0, 300));
  return [...new Set(words)].slice(-5);
}

function parse(line: string): LogLine | undefined {
  try {
    return JSON.parse(line) as LogLine;
  } catch {
    return undefined;
  }
}

function inWords({ msg, attr }: LogLine): string {
  const detail = attr?.message ?? attr?.error ?? attr?.reason;
  const inner =
    typeof detail === 'object' && detail !== null
      ? ((detail as Record<string, unknown>).msg ?? (detail as Record<string, unknown>).errmsg)
      : detail;
  return `${msg.trim()}${typeof inner === 'string' ? `: ${inner.trim()}` : ''}`;
}
