import { type Doc, date, type ObjectId } from '../bson/index.js';
import { checkOptions, type OptionNames } from '../check-options.js';
import { authorized } from '../database/connection.js';
import { findDocs } from '../database/raw.js';
import { isOwn } from '../datasets/own-samples.js';
import { Pace } from '../datasets/pace.js';
import type { OnProgress } from '../datasets/progress.js';
import type { SampleCollection } from '../datasets/sample-collection.js';
import { DatasetNotFoundError, FiftyOneError, hintForServer, UsageError } from '../errors.js';
import { declareFields } from '../fields/declare.js';
import type { FieldType } from '../fields/field-type.js';
import { inferType } from '../fields/infer.js';
import { checkPath } from '../fields/schema.js';
import { type Assignment, assignmentsOf, leavesOf } from './assignments.js';
import { framePairs, framePairsById } from './frame-pairs.js';
import { type GivenValues, keyedEntries, type Pair, pairsOf } from './given-values.js';
import { Statements } from './statements.js';
import { type Target, targetOf } from './target.js';
import { writeAssignments } from './write-assignments.js';

export interface SetValuesOptions {
  /** The field whose values are the keys, for values by key: `id`, `filepath`, `frames.id`. */
  readonly keyField?: string;
  /** Leave alone what would get null. Default: false, null is stored. */
  readonly skipNone?: boolean;
  /** Declare a field that is new. Default: true. */
  readonly expandSchema?: boolean;
  /** Declare also new attributes of labels and other documents. Default: false. */
  readonly dynamic?: boolean;
  /** Refuse what a field is not meant to hold. Default: true. */
  readonly validate?: boolean;
  readonly onProgress?: OnProgress;
  /** Ends the call; what is set by then stays. */
  readonly signal?: AbortSignal;
}

const OPTIONS: OptionNames<SetValuesOptions> = {
  keyField: 'string',
  skipNone: 'boolean',
  expandSchema: 'boolean',
  dynamic: 'boolean',
  validate: 'boolean',
  onProgress: 'function',
  signal: 'anything',
};

export interface SetValuesReport {
  /** How many samples or frames got a value. */
  readonly updated: number;
  /** The document of the dataset, which is another one when a field was declared. */
  readonly doc: SampleCollection['doc'];
}

/**
 * Sets a field of all samples: to a list with a value each, in their order, or by key with `keyField`. Values of a list of labels, as
 * for `ground_truth.detections.label`, are lists in that list; those of `frames.` fields lists by frame, or maps by frame number, whose
 * frames are made where they are missing. A new field is declared with the type that all values have in common.
 *
 * Everything is checked before anything is written, but for values that come as an async iterable: those are written batch by batch,
 * and the first batch that is not all null says which type a new field has. A call that was cut off can be made again.
 *
 * @throws UsageError for a path, a key or a number of values that cannot be, InvalidValueError for a value, FiftyOneError when the
 * server goes away meanwhile
 */
export async function setValues(
  samples: SampleCollection,
  path: string,
  values: GivenValues,
  options: SetValuesOptions = {},
): Promise<SetValuesReport> {
  checkOptions('setValues', options, OPTIONS);
  checkPath('setValues', path);
  try {
    return await setAll(samples, path, values, options);
  } catch (error) {
    if (hintForServer(error) === undefined) throw error;
    throw new FiftyOneError(`setting '${path}' was interrupted: ${(error as Error).message}`, {
      hint: 'what is set by now stays: when the server is back, the same call with the same values sets the rest',
      cause: error,
    });
  }
}

async function setAll(
  samples: SampleCollection,
  path: string,
  values: GivenValues,
  options: SetValuesOptions,
): Promise<SetValuesReport> {
  const { expandSchema = true, dynamic = false, skipNone = false, validate = true } = options;
  if (!isOwn(samples)) {
    throw new UsageError('values cannot be set in patches, clips or frames that a view has made: set them in its dataset');
  }
  const now = date(Date.now());
  // others may have declared or deleted fields meanwhile
  let doc = await liveDocument(samples);
  let target = targetOf(doc, path, { expandSchema, dynamic });
  const pace = new Pace(options.onProgress, options.signal);
  const unit = target.path.scope;
  let updated = 0;
  let untyped: readonly Pair[] = [];
  for await (const batch of allPairs(samples, path, target, values, options.keyField)) {
    const pairs = untyped.length === 0 ? batch : [...untyped, ...batch];
    const type = typeFor(target, pairs, dynamic);
    // the values of a new field wait until there is one that is not null
    untyped = type === undefined && target.isNew ? pairs : [];
    if (untyped.length > 0) continue;
    const assignments = assignmentsOf(target, type, pairs, { skipNone, validate });
    if (type !== undefined && (target.isNew || (dynamic && type.embeddedDocType !== null))) {
      doc = await declared(samples, target, typeFor(target, pairs, dynamic, true) as FieldType);
      target = targetOf(doc, path, { expandSchema, dynamic });
    }
    const before = updated;
    updated += await write(samples, target, assignments, now, (done) => {
      pace.tell({ what: 'Setting values', done: before + done, unit });
    });
  }
  pace.tell({ what: 'Setting values', done: updated, total: updated, unit });
  if (untyped.length > 0) throw untypedField(target);
  return { updated, doc };
}

async function liveDocument({ connection, doc }: SampleCollection): Promise<Doc> {
  const [live] = await findDocs(connection.db, 'datasets', { _id: doc.get('_id') }, { limit: 1 });
  if (live === undefined) throw new DatasetNotFoundError(String(doc.get('name')));
  return live;
}

async function* allPairs(
  samples: SampleCollection,
  path: string,
  target: Target,
  values: GivenValues,
  keyField: string | undefined,
): AsyncGenerator<readonly Pair[]> {
  if (target.path.scope === 'samples') {
    if (keyField?.startsWith('frames.')) {
      throw new UsageError(`You cannot use frame-level key field '${keyField}' to set sample field '${path}'`);
    }
    yield* pairsOf(samples, path, target, values, keyField);
    return;
  }
  if (keyField === 'frames.id' || keyField === 'frames._id') {
    const keyed = keyedEntries(values);
    if (keyed === undefined) throw new UsageError('keyField is for values by key: give a Map or an object');
    yield await framePairsById(samples, target, keyed, keyField);
    return;
  }
  for await (const pairs of pairsOf(samples, path, undefined, values, keyField)) yield await framePairs(samples, target, pairs);
}

/** The type of the field, or of what is new in it; undefined for a field without one, and as long as all values are null. */
function typeFor(target: Target, pairs: readonly Pair[], dynamic: boolean, isNew = target.isNew): FieldType | undefined {
  const { path } = target;
  return isNew ? (inferType(leavesOf(target, pairs), path.text, { dynamic }) ?? path.field) : path.field;
}

function untypedField({ path: { scope, text } }: Target): UsageError {
  const kind = scope === 'frames' ? 'frame' : 'sample';
  return new UsageError(`Cannot infer an appropriate type for new ${kind} field '${text}' from empty/all-None values`);
}

async function declared(samples: SampleCollection, { path }: Target, type: FieldType): Promise<Doc> {
  const isFrames = path.scope === 'frames';
  const name = isFrames ? path.text.slice('frames.'.length) : path.text;
  const id = samples.doc.get('_id') as ObjectId;
  return await declareFields(samples.connection, id, isFrames ? 'frame_fields' : 'sample_fields', [{ path: name, type }]);
}

/** How many samples one command to the server updates. */
const BATCH = 5000;
/** How many commands are under way: the server works on one while the next one is made. */
const AT_ONCE = 2;

async function write(
  samples: SampleCollection,
  target: Target,
  assignments: readonly Assignment[],
  now: ReturnType<typeof date>,
  onDone: (done: number) => void,
): Promise<number> {
  const { connection } = samples;
  const collection = String(samples.doc.get(target.path.scope === 'frames' ? 'frame_collection_name' : 'sample_collection_name'));
  const statements = new Statements(target, now, samples.doc.get('_id') as ObjectId);
  let [next, done, failed] = [0, 0, false];
  const worker = async (): Promise<void> => {
    while (next < assignments.length && !failed) {
      const batch = assignments.slice(next, next + BATCH);
      next += batch.length;
      try {
        await authorized(connection, () => writeAssignments(connection.db, collection, statements, batch));
      } catch (error) {
        failed = true;
        throw error;
      }
      done += batch.length;
      onDone(done);
    }
  };
  const workers = await Promise.allSettled(Array.from({ length: AT_ONCE }, worker));
  for (const one of workers) if (one.status === 'rejected') throw one.reason;
  return assignments.length;
}
