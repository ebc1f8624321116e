import { rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { encode, ObjectId, type ReadonlyDoc } from '../../bson/index.js';
import { bsonToJson } from '../../bson/write-json.js';
import { findDocs } from '../../database/raw.js';
import { checkMayWrite } from '../../dataset-media/may-change.js';
import { Pace } from '../../datasets/pace.js';
import type { SampleCollection } from '../../datasets/sample-collection.js';
import { DatasetNotFoundError, FiftyOneError } from '../../errors.js';
import { FRAME_MEDIA, FRAMES, METADATA, SAMPLES, TAGS } from '../layout.js';
import { leftIn } from '../unfinished.js';
import { writeArchive } from './archive.js';
import { type CheckedOptions, checkedOptions } from './checked-options.js';
import { exportError } from './export-error.js';
import type { ExportOptions, ExportReport } from './export-options.js';
import { ExportedMedia } from './exported-media.js';
import { refuseMediaIn } from './media-in-folder.js';
import { UNMOVED, updateMovedPaths } from './moved-paths.js';
import { countOf, readDocuments } from './read-documents.js';
import { readMetadata } from './related-documents.js';
import { writeResults } from './run-results.js';
import { Staging, syncFolder, writeSynced } from './staging.js';
import { temporalTags } from './temporal-tags.js';
import { writeDocuments } from './write-documents.js';

/**
 * Exports samples as a `FiftyOneDataset`, as the real client does it. Nothing of it shows until it is complete; an export that
 * was interrupted is undone, or finished, by the next one into the same folder.
 *
 * @throws UsageError, MissingMediaError, and whatever kept the export from being written; then the folder is what it was before
 */
export async function exportDataset(samples: SampleCollection, options: ExportOptions): Promise<ExportReport> {
  const dataset = await datasetOf(samples);
  const checked = checkedOptions(options, dataset, samples.isView);
  const staging = await Staging.begin(checked.folder, (left) => finish(samples, left)).catch(async (error) => {
    throw exportError(error, checked.exportDir, (await leftIn(checked.folder)) ?? 'unbegun');
  });
  try {
    // what a dead export has moved here is settled by now, and known to its dataset
    if (checked.overwrite && (await staging.isBeside())) {
      await refuseMediaIn(checked.folder, samples, dataset, staging.hasFinished ? FINISHED : undefined);
    }
    if (checked.exportMedia === 'move') await checkMayWrite(samples.connection, dataset, [], UNMOVED);
    const report = await write(samples, dataset, checked, staging);
    await checkUnchanged(samples, dataset);
    if (checked.archive === undefined) await complete(samples, dataset, checked, staging);
    else await archive(checked, staging);
    await staging.remove();
    return report;
  } catch (error) {
    await staging.leave();
    const isUndone = !(await staging.isComplete()) && (await undone(staging));
    throw exportError(error, checked.exportDir, isUndone ? 'undone' : await leftIn(checked.folder));
  }
}

const FINISHED =
  'the export that was interrupted here is finished by now. To make another one choose another folder, or leave out overwrite';

const BESIDE = 'there were files in the folder already: those that are no documents of an export stay in it';

/** Undoes an export that is not complete. Where that fails the next export does it. */
async function undone(staging: Staging): Promise<boolean> {
  return await staging.undo().then(
    () => true,
    () => false,
  );
}

async function write(
  samples: SampleCollection,
  dataset: ReadonlyDoc,
  options: CheckedOptions,
  staging: Staging,
): Promise<ExportReport> {
  const { db } = samples.connection;
  const { useDirs, ordered } = options;
  const pace = new Pace(options.onProgress, options.signal);
  const isBeside = !options.overwrite && (await staging.isBeside());
  const media = new ExportedMedia(samples, dataset, options, staging, isBeside, pace);
  await media.check();

  const folder = staging.files;
  const readings = { [SAMPLES]: samples.samples('all'), [FRAMES]: hasVideos(dataset) ? samples.frames() : undefined };
  const counts = { [SAMPLES]: 0, [FRAMES]: 0 };
  for (const kind of [SAMPLES, FRAMES] as const) {
    const reading = readings[kind];
    // a view of some slices need not have videos, although its dataset has
    if (!reading && (samples.isView || !hasVideos(dataset))) continue;
    const total = reading && (await countOf(db, reading));
    const tell = (done: number) =>
      pace.tell({ what: `Exporting ${kind}`, done, unit: kind, ...(total === undefined ? {} : { total }) });
    const batches = reading ? readDocuments(db, reading) : nothing();
    const rewrites = kind === SAMPLES ? media.sampleRewrites() : media.frameRewrites();
    counts[kind] = await writeDocuments({ kind, batches, rewrites, folder, useDirs, ordered, tell });
  }

  const related = { savedViews: options.exportSavedViews, workspaces: options.exportWorkspaces, runs: options.exportRuns };
  const metadata = await readMetadata(db, dataset, related);
  await writeSynced(join(folder, METADATA), bsonToJson(encode(metadata.doc)));
  const unreadable = await writeResults(db, metadata.doc, folder);
  const tags = await temporalTags(db, dataset.get('_id') as ObjectId, samples.isView ? readings[SAMPLES] : undefined);
  if (tags !== undefined) await writeSynced(join(folder, TAGS), tags);
  await media.copy();
  const frameMedia = media.frameMedia();
  if (frameMedia !== undefined) await writeSynced(join(folder, FRAME_MEDIA), frameMedia);
  return {
    exportDir: options.exportDir,
    samples: counts[SAMPLES],
    frames: counts[FRAMES],
    media: media.total(),
    missing: media.missing(),
    warnings: [...(isBeside ? [BESIDE] : []), ...metadata.broken, ...unreadable, ...media.warnings()],
  };
}

async function complete(
  samples: SampleCollection,
  dataset: ReadonlyDoc,
  options: CheckedOptions,
  staging: Staging,
): Promise<void> {
  const isMoved = options.exportMedia === 'move';
  await staging.complete({
    overwrite: options.overwrite,
    ...(isMoved ? { moved: String(dataset.get('_id')), name: String(dataset.get('name')) } : {}),
  });
  await finish(samples, staging);
}

/** What is left to do when the files of an export are in place: the dataset is told where they are now. */
async function finish({ connection }: SampleCollection, staging: Staging): Promise<void> {
  const { moved, name = '' } = await staging.completion();
  if (moved === undefined) return;
  const [dataset] = await findDocs(connection.db, 'datasets', { _id: ObjectId.createFromHexString(moved) });
  if (dataset) return void (await updateMovedPaths(connection, dataset, await staging.moved()));
  throw new FiftyOneError(
    `an export has moved media of dataset '${name}' into ${staging.folder} and ended before it could tell the dataset, which is not in this database`,
    {
      hint: `export into this folder from the database that has it, or choose another folder; if that dataset is deleted, remove ${staging.root}: what was moved is in its place already`,
    },
  );
}

async function archive({ exportDir, archive: extension, ...options }: CheckedOptions, staging: Staging): Promise<void> {
  if (extension === undefined) return;
  const pace = new Pace(options.onProgress, options.signal);
  const made = join(staging.root, 'archive');
  let done = 0;
  await writeArchive(staging.files, basename(exportDir).slice(0, -extension.length), made, extension, () =>
    pace.tell({ what: 'Archiving files', done: ++done, unit: 'files' }),
  );
  await rename(made, exportDir);
  await syncFolder(dirname(exportDir));
}

/** The dataset's document as it is now; that of a generated one need not be stored. */
async function datasetOf({ connection, doc, isView }: SampleCollection): Promise<ReadonlyDoc> {
  const [found] = await findDocs(connection.db, 'datasets', { _id: doc.get('_id') as ObjectId }, { limit: 1 });
  if (found) return found;
  if (isView) return doc;
  throw new DatasetNotFoundError(String(doc.get('name')));
}

async function checkUnchanged(samples: SampleCollection, dataset: ReadonlyDoc): Promise<void> {
  const now = await datasetOf(samples);
  if (now.get('version') === dataset.get('version')) return;
  throw new FiftyOneError(`dataset '${dataset.get('name')}' was migrated while it was exported`, { hint: 'export it again' });
}

function hasVideos(dataset: ReadonlyDoc): boolean {
  const slices = dataset.get('group_media_types');
  const types = slices instanceof Map ? [...slices.values()] : [];
  return dataset.get('media_type') === 'video' || types.includes('video');
}

async function* nothing(): AsyncGenerator<Uint8Array[]> {}
