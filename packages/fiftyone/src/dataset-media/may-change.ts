import { Doc, ObjectId, type ReadonlyDoc } from '../bson/index.js';
import { authorized, type Connection, USE_WRITER } from '../database/connection.js';
import { updateRaw } from '../database/raw.js';
import { isGenerated, isOwn } from '../datasets/own-samples.js';
import type { SampleCollection } from '../datasets/sample-collection.js';
import { UsageError } from '../errors.js';
import { fieldsAlong, schemaOf } from '../fields/schema.js';
import type { MediaField } from './media-fields.js';
import { MEDIA_CHANGES, MEDIA_JOURNAL } from './path-journal.js';

/**
 * Finds out whether paths of samples can be changed, before any work is done for it. Changes nothing.
 *
 * @throws UsageError for what a view has made, and for fields that are read-only; FiftyOneError when the user may not write
 */
export async function checkMayChange(samples: SampleCollection, fields: readonly MediaField[]): Promise<void> {
  if (!isOwn(samples)) throw new UsageError(GENERATED);
  for (const field of fields) checkField(samples.doc, field);
  await checkMayWrite(samples.connection, samples.doc, [MEDIA_JOURNAL, MEDIA_CHANGES]);
}

const GENERATED = 'paths cannot be changed in patches, clips or frames that a view has made: change them in its dataset';

/** @throws UsageError for a dataset that a view has made */
export function checkStored(dataset: ReadonlyDoc): void {
  if (isGenerated(dataset)) throw new UsageError(GENERATED);
}

/** @throws UsageError for a field that is read-only */
export function checkField(dataset: ReadonlyDoc, { name, scope, path }: MediaField): void {
  const along = fieldsAlong(schemaOf(dataset, scope === 'frames' ? 'frame_fields' : 'sample_fields'), path.join('.'));
  if (along?.some(({ readOnly }) => readOnly)) {
    throw new UsageError(`Cannot edit read-only field '${name}' of dataset '${String(dataset.get('name'))}'`);
  }
}

/**
 * Finds out whether samples and frames can be written, by a write that changes nothing.
 *
 * @param others further collections that have to be written
 * @throws FiftyOneError if not
 */
export async function checkMayWrite(
  connection: Connection,
  dataset: ReadonlyDoc,
  others: readonly string[] = [],
  hint = USE_WRITER,
): Promise<void> {
  const nothing = Doc.of(['q', Doc.of(['_id', new ObjectId()])], ['u', Doc.of(['$setOnInsert', Doc.of(['filepath', ''])])]);
  for (const collection of [dataset.get('sample_collection_name'), dataset.get('frame_collection_name'), ...others]) {
    if (typeof collection !== 'string') continue;
    await authorized(connection, () => updateRaw(connection.db, collection, [nothing]), hint);
  }
}
