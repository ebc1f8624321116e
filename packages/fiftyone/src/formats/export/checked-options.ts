import { existsSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type { ReadonlyDoc } from '../../bson/index.js';
import { checkOptions } from '../../check-options.js';
import { UsageError } from '../../errors.js';
import { isRemotePath, remoteFolder } from '../../media/remote-path.js';
import { checkDatasetType } from '../dataset-types.js';
import { type ArchiveExtension, archiveExtension } from '../layout.js';
import { EXPORT_OPTIONS } from '../option-names.js';
import { checkArchive } from './archive.js';
import type { ExportMedia, ExportOptions } from './export-options.js';

/** Options with their defaults, for one dataset. */
export interface CheckedOptions extends ExportOptions {
  /** Where the export is made: the folder itself, or one beside the archive. */
  readonly folder: string;
  readonly archive: ArchiveExtension | undefined;
  readonly exportMedia: ExportMedia;
  readonly exportSavedViews: boolean;
  readonly exportRuns: boolean;
  readonly exportWorkspaces: boolean;
  readonly useDirs: boolean;
  readonly ordered: boolean;
  readonly overwrite: boolean;
  readonly skipMissing: boolean;
}

const MODES: readonly unknown[] = [true, false, 'move', 'symlink'];

/** @throws UsageError for options that cannot be, or not together */
export function checkedOptions(options: ExportOptions, dataset: ReadonlyDoc, isView: boolean): CheckedOptions {
  checkOptions('export', options, EXPORT_OPTIONS);
  if (typeof options.exportDir !== 'string' || options.exportDir === '') {
    throw new UsageError('export needs the option exportDir', { hint: 'the folder to make, or an archive such as export.zip' });
  }
  const exportDir = absolute(options.exportDir);
  const archive = archiveExtension(exportDir);
  const { exportMedia = true, chunkSize, relDir, datasetType, overwrite = false } = options;
  checkDatasetType(datasetType, ['FiftyOneDataset']);
  if (!MODES.includes(exportMedia)) {
    throw new UsageError(`unsupported media export mode '${exportMedia}'`, { hint: "use true, false, 'move' or 'symlink'" });
  }
  if (chunkSize !== undefined && !(Number.isInteger(chunkSize) && chunkSize > 0)) {
    throw new UsageError(`chunkSize is ${chunkSize}, expected a whole number above 0`);
  }
  if (archive) checkArchive(archive);
  // what cannot be looked at is told of by making it
  const there = existsSync(exportDir) ? statSync(exportDir) : undefined;
  if (there && there.isDirectory() === (archive !== undefined)) {
    throw new UsageError(`${exportDir} is a ${archive ? 'folder' : 'file'}`, { hint: HINT });
  }
  if (archive && there && !overwrite) {
    throw new UsageError(`${exportDir} is there already`, { hint: 'replace it with overwrite, or choose another name' });
  }
  if (exportMedia === 'move') checkMove(archive, dataset);
  if (exportMedia === 'symlink' && archive) {
    throw new UsageError('an archive cannot have links to media', { hint: 'export the media themselves, or none' });
  }
  if (isFilled(dataset.get('_media_sources')) && exportMedia !== false) {
    throw new UsageError(`the media of dataset '${dataset.get('name')}' are references into media sources`, {
      hint: 'export it without media (exportMedia: false)',
    });
  }
  return {
    ...options,
    exportDir,
    archive,
    folder: archive ? `${exportDir}.partial` : exportDir,
    exportMedia,
    ...(relDir === undefined ? {} : { relDir: isRemotePath(relDir) ? remoteFolder(relDir) : absolute(relDir) }),
    exportSavedViews: !isView && (options.exportSavedViews ?? true),
    exportRuns: !isView && (options.exportRuns ?? true),
    exportWorkspaces: !isView && (options.exportWorkspaces ?? true),
    useDirs: options.useDirs ?? false,
    ordered: options.ordered ?? true,
    overwrite,
    skipMissing: options.skipMissing ?? false,
  };
}

const HINT = 'give the path of a folder, or of an archive (.zip, .tar, .tar.gz or .tgz)';

/** Whoever moves media wants to go on with the dataset: so it must be able to follow them. */
function checkMove(archive: string | undefined, dataset: ReadonlyDoc): void {
  if (archive) {
    throw new UsageError('moving media into an archive would leave the dataset without them', {
      hint: 'copy them (exportMedia: true), or move them into a folder',
    });
  }
  if (!String(dataset.get('sample_collection_name')).startsWith('samples.')) {
    throw new UsageError('the media of patches, clips and frames belong to the dataset that they are made of', {
      hint: 'copy them (exportMedia: true), or move those of that dataset',
    });
  }
}

function absolute(path: string): string {
  if (typeof path !== 'string' || path.includes('\0')) {
    throw new UsageError(`${JSON.stringify(path)} is no path of a file`, { hint: HINT });
  }
  return resolve(path.replace(/^~(?=\/|$)/, homedir()));
}

function isFilled(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}
