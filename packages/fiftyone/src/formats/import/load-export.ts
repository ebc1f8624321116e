import { randomUUID } from 'node:crypto';
import type { Db } from 'mongodb';
import { BsonType, type Doc, date, decode, ObjectId } from '../../bson/index.js';
import type { OnProgress } from '../../datasets/progress.js';
import { ImportError, StoppedError } from '../../errors.js';
import { type FieldType, fieldDoc, makeField, typeText } from '../../fields/index.js';
import { declaredKeys, IN_FRAMES, IN_SAMPLES, type SchemaKey } from './declared-keys.js';
import { frameRewrites, sampleRewrites } from './document-rewrites.js';
import type { DocumentsAt } from './export-folder.js';
import { FramesSeen } from './frames-seen.js';
import { loadDocuments } from './load-documents.js';
import { MediaSeen } from './media-seen.js';
import { keyed, unwrapInOrder } from './shuffled.js';
import type { Staging } from './stage-dataset.js';
import { UndeclaredKeys } from './undeclared-keys.js';

const TELL_MS = 200;

/** Inserts the samples and frames of an export. @throws ImportError for keys that the schema does not declare */
export async function loadExport(staging: Staging, db: Db): Promise<{ samples: number; frames: number }> {
  const { folder, identity, options, record, plan, lease, note } = staging;
  const stamp = { dataset: identity.id, now: identity.now, relDir: options.relDir };
  const before = plan?.before.dataset ?? record.dataset;
  const declared = (key: SchemaKey) => [...declaredKeys(before, key), ...declaredKeys(record.dataset, key)];
  const inSamples = new UndeclaredKeys([...IN_SAMPLES, ...declared('sample_fields')]);
  const inFrames = new UndeclaredKeys([...IN_FRAMES, ...declared('frame_fields')]);
  const common = {
    db,
    check: () => {
      if (options.signal?.aborted) throw new StoppedError('the import was stopped: nothing of it stays');
      lease.check();
    },
  };
  // only then frames of samples that were left out have to be known
  const chosen = options.maxSamples === undefined ? undefined : new Set<string>();
  const counts = { samples: 0, frames: 0 };
  const { shuffled } = note;
  const seen = options.maxSamples === undefined ? new MediaSeen() : undefined;
  const framesSeen = seen === undefined || folder.frames === undefined ? undefined : new FramesSeen();
  let withoutId = 0;
  const seed = String(options.seed ?? randomUUID());
  counts.samples = await loadDocuments({
    ...common,
    collection: shuffled ?? identity.samples,
    from: folder.samples,
    rewrites: sampleRewrites(folder, stamp, options.tags, seen),
    most: shuffled === undefined ? options.maxSamples : undefined,
    instead: shuffled === undefined ? undefined : (doc, index) => keyed(doc, seed, index),
    onRead: told(options.onProgress, 'Importing samples', folder.samples),
    onDocument: (doc) => {
      inSamples.look(doc);
      if (!hasId(doc)) withoutId++;
      framesSeen?.sample(doc);
      if (shuffled === undefined) chosen?.add(String(decode(doc).get('_id')));
    },
  });
  if (shuffled !== undefined) {
    await unwrapInOrder(db, shuffled, identity.samples, options.maxSamples);
    await db.dropCollection(shuffled);
    counts.samples = Math.min(counts.samples, options.maxSamples ?? counts.samples);
    if (chosen)
      for await (const { _id } of db.collection(identity.samples).find({}, { projection: { _id: 1 } })) chosen.add(String(_id));
  }
  if (folder.frames !== undefined && identity.frames !== undefined) {
    counts.frames = await loadDocuments({
      ...common,
      collection: identity.frames,
      from: folder.frames,
      rewrites: await frameRewrites(folder, stamp, seen),
      onRead: told(options.onProgress, 'Importing frames', folder.frames),
      onDocument: (doc) => {
        inFrames.look(doc);
        framesSeen?.frame(doc);
      },
      wanted: chosen && ((doc) => chosen.has(String(decode(doc).get('_sample_id')))),
    });
  }
  const schemas = [
    ['sample', 'sample_fields', inSamples],
    ['frame', 'frame_fields', inFrames],
  ] as const;
  const reasons = schemas.flatMap(([what, schema, keys]) => undeclared(keys, what, schema, note.merge === undefined));
  if (reasons.length > 0) {
    throw new ImportError(
      folder.path,
      reasons,
      'declare them in metadata.json: a client of FiftyOne could not read such a dataset',
    );
  }
  for (const [what, schema, keys] of schemas) declare(staging, what, schema, keys);
  if (seen !== undefined) staging.warnings.push(...mediaWarnings(seen, counts.samples));
  if (framesSeen !== undefined) {
    const { orphans, withoutNumber } = framesSeen;
    if (orphans > 0) staging.warnings.push(`${orphans} frames belong to no sample of the export`);
    if (withoutNumber > 0) staging.warnings.push(`${withoutNumber} frames have no number from 1 on`);
  }
  if (withoutId > 0) staging.warnings.push(`${withoutId} samples have no id in the export`);
  return counts;
}

function mediaWarnings({ paths, missing, first }: MediaSeen, samples: number): string[] {
  const warnings: string[] = [];
  if (missing > 0) warnings.push(`${missing} media are not in the export, the first is ${first}`);
  if (paths < samples) warnings.push(`${samples - paths} samples have no filepath`);
  return warnings;
}

/** Whether the id of a document is an ObjectId. In what clients write it comes first. */
function hasId(doc: Buffer): boolean {
  return (doc[4] === BsonType.objectId && doc.toString('latin1', 5, 9) === '_id\0') || decode(doc).get('_id') instanceof ObjectId;
}

/** Declares the keys of which the type is plain. */
function declare({ record, identity, warnings }: Staging, what: string, schema: SchemaKey, keys: UndeclaredKeys): void {
  const found = keys.found();
  if (found.length === 0) return;
  const fields = record.dataset.get(schema) ?? [];
  const added = found.map(({ key, type }) => fieldDoc(makeField(key, type as FieldType, date(identity.now))));
  (record.dataset as Doc).set(schema, [...(fields as Doc[]), ...added]);
  for (const { key, type, count } of found) {
    warnings.push(`'${key}' of ${count} ${what}s was not in the schema: it is declared as ${typeText(type as FieldType)} now`);
  }
}

function undeclared(keys: UndeclaredKeys, what: string, schema: SchemaKey, mayDeclare: boolean): string[] {
  return keys.found().flatMap(({ key, count, first, type, problem }) => {
    if (mayDeclare && type !== undefined && problem === undefined) return [];
    const why = problem ?? (type === undefined ? 'all its values are null' : undefined);
    const where = `'${key}' of ${count} ${what}s (the first is ${what} ${first + 1}) is not in ${schema}`;
    return [why === undefined ? where : `${where}: ${why}`];
  });
}

/** Tells how much was read, a few times per second at most. */
function told(onProgress: OnProgress | undefined, what: string, from: DocumentsAt): (done: number, total: number) => void {
  const unit = from.kind === 'folder' ? 'files' : 'bytes';
  let last = Number.NEGATIVE_INFINITY;
  return (done, total) => {
    if (done < total && performance.now() - last < TELL_MS) return;
    last = performance.now();
    onProgress?.({ what, done, total, unit });
  };
}
