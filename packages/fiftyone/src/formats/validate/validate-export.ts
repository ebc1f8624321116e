import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { Doc, decode, type ReadonlyDoc } from '../../bson/index.js';
import { jsonToBson, UnreadableError } from '../../bson/read-json.js';
import type { OnProgress } from '../../datasets/progress.js';
import { ImportError } from '../../errors.js';
import { extractInto } from '../import/archive.js';
import { openExport } from '../import/export-folder.js';
import { readingExport } from '../import/unreadable-export.js';
import { archiveExtension } from '../layout.js';
import { noExport } from '../unfinished.js';
import { checkDocuments } from './check-documents.js';
import { checkMetadata } from './check-metadata.js';
import { checkResults } from './check-results.js';
import { type ExportProblem, Problems } from './export-problem.js';

export interface ValidateOptions {
  readonly onProgress?: OnProgress;
  /** Is told of every problem, also when there are more than a report keeps. */
  readonly onProblem?: (problem: ExportProblem) => void;
  /** The folder to which relative paths of media belong. Default: the folder of the export */
  readonly relDir?: string;
}

/** What was found out about an export. */
export interface ValidateReport {
  readonly path: string;
  /** Whether it can be imported and nothing is missing. */
  readonly ok: boolean;
  readonly version: string | undefined;
  readonly samples: number;
  readonly frames: number;
  /** The first 10,000 problems. */
  readonly problems: readonly ExportProblem[];
  /** How many problems there are of each kind. */
  readonly counts: Readonly<Record<ExportProblem['severity'], number>>;
  readonly seconds: number;
}

const GIVE = 'give the folder into which a dataset was exported, or an archive of it';

/**
 * Looks, without a database, whether an export is complete and can be imported. An archive is extracted next to itself, and what
 * was extracted is removed.
 *
 * @throws ImportError for what is no export at all, or an archive that must not be extracted
 */
export async function validateExport(given: string, options: ValidateOptions = {}): Promise<ValidateReport> {
  return await readingExport(given, () => validate(resolve(given), options));
}

async function validate(path: string, options: ValidateOptions): Promise<ValidateReport> {
  const found = await stat(path).catch((error) => {
    if (!['ENOENT', 'ENOTDIR'].includes(error.code)) throw error;
    throw new ImportError(path, ['there is no such file or folder'], GIVE);
  });
  const isFile = found.isFile();
  if (isFile && archiveExtension(path) === undefined)
    throw new ImportError(path, ['it is neither a folder nor an archive'], GIVE);
  if (!isFile || archiveExtension(path) === undefined) return await validateFolder(path, options);
  const folder = await mkdtemp(join(dirname(path), '.validating-'));
  try {
    return { ...(await validateFolder(await extractInto(path, folder), options)), path };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function validateFolder(path: string, options: ValidateOptions): Promise<ValidateReport> {
  const started = performance.now();
  const problems = new Problems(options.onProblem);
  const report = (version: string | undefined, counted: { samples: number; frames: number }): ValidateReport => ({
    path,
    ok: problems.counts.error + problems.counts.warning === 0,
    version,
    ...counted,
    problems: problems.kept,
    counts: problems.counts,
    seconds: Math.round(performance.now() - started) / 1000,
  });
  const metadata = await readMetadata(path, problems);
  if (metadata === undefined) return report(undefined, { samples: 0, frames: 0 });
  const folder = await openExport(path).catch((error) => {
    if (!(error instanceof ImportError)) throw error;
    for (const reason of error.reasons) problems.add('error', '.', reason);
  });
  if (folder === undefined) return report(undefined, { samples: 0, frames: 0 });
  checkMetadata(folder, problems);
  await checkResults(folder, problems);
  const version = metadata.get('version');
  return report(typeof version === 'string' ? version : undefined, await checkDocuments(folder, problems, options));
}

/** Reads the metadata; what is wrong with them is a problem like others, as long as there is something to look at. */
async function readMetadata(path: string, problems: Problems): Promise<ReadonlyDoc | undefined> {
  const file = 'metadata.json';
  let text: Buffer;
  try {
    text = await readFile(join(path, file));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw await noExport(path, 'it has no metadata.json', GIVE);
  }
  try {
    const found = decode(jsonToBson(text));
    return found instanceof Doc ? found : undefined;
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error;
    problems.add('error', file, error.problem, { byte: error.position, ...(error.path === '' ? {} : { place: error.path }) });
    return undefined;
  }
}
