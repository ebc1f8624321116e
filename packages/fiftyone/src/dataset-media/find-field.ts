import type { ReadonlyDoc } from '../bson/index.js';
import { isLike } from '../check-options.js';
import type { SampleCollection } from '../datasets/sample-collection.js';
import { UsageError } from '../errors.js';
import type { Field } from '../fields/field.js';
import { checkPath, fieldsAlong, schemaOf } from '../fields/schema.js';
import { type MediaField, mediaFields } from './media-fields.js';

/** The media fields that samples show: all of a dataset, of a view those that it does not leave out. */
export function shownMediaFields(samples: SampleCollection): MediaField[] {
  return mediaFields(samples.doc).filter((field) => isShown(samples, field));
}

/**
 * The field that somebody means: a media field, a label that has one file (`ground_truth` for `ground_truth.mask_path`), or any
 * other field of texts.
 *
 * @throws UsageError that lists the media fields, for a field that there is not, that has no texts or that the view leaves out
 */
export function mediaFieldOf(samples: SampleCollection, text: string): MediaField {
  checkPath('media', text);
  const all = mediaFields(samples.doc);
  const named = all.find(({ name }) => name === text) ?? labelField(samples.doc, all, text) ?? textField(samples.doc, text);
  const name = String(samples.doc.get('name'));
  if (named === undefined) throw noField(samples.doc, all, text);
  if (isShown(samples, named)) return named;
  throw new UsageError(`the view of dataset '${name}' does not show the field '${text}'`, {
    hint: hintFor(shownMediaFields(samples)),
  });
}

function isShown(samples: SampleCollection, { name }: MediaField): boolean {
  const [first, second] = name.split('.');
  return samples.shows?.(name.startsWith('frames.') ? `${first}.${second}` : (first as string)) !== false;
}

/** The one media field below what was named. */
function labelField(dataset: ReadonlyDoc, all: readonly MediaField[], text: string): MediaField | undefined {
  const below = all.filter(({ name }) => name.startsWith(`${text}.`));
  if (below.length < 2) return below[0];
  throw new UsageError(`'${text}' of dataset '${String(dataset.get('name'))}' has ${below.length} media fields: name one`, {
    hint: hintFor(below),
  });
}

const TEXT = 'StringField';

function textField(dataset: ReadonlyDoc, text: string): MediaField | undefined {
  const isFrames = text.startsWith('frames.') && typeof dataset.get('frame_collection_name') === 'string';
  const [scope, key, path] = isFrames
    ? (['frames', 'frame_fields', text.slice('frames.'.length)] as const)
    : (['samples', 'sample_fields', text] as const);
  const along = fieldsAlong(schemaOf(dataset, key), path);
  const field = along?.at(-1);
  if (along === undefined || field === undefined) return undefined;
  if (field.ftype === TEXT || (field.ftype === 'ListField' && field.subfield === TEXT)) {
    return { name: text, scope, holder: text, path: along.map(({ dbField }) => dbField) };
  }
  throw new UsageError(`'${text}' of dataset '${String(dataset.get('name'))}' has no paths: it is a ${typeOf(field)}`, {
    hint: hintFor(mediaFields(dataset)),
  });
}

function typeOf({ ftype, subfield, embeddedDocType }: Field): string {
  const inner = embeddedDocType?.split('.').at(-1) ?? subfield;
  return inner === undefined || inner === null ? ftype : `${ftype} of ${inner}`;
}

function noField(dataset: ReadonlyDoc, all: readonly MediaField[], text: string): UsageError {
  const meant = all.find(({ name }) => isLike(text, name));
  const meaning = meant === undefined ? '' : `is '${meant.name}' meant? `;
  return new UsageError(`Dataset '${String(dataset.get('name'))}' has no field '${text}'`, { hint: meaning + hintFor(all) });
}

function hintFor(fields: readonly MediaField[]): string {
  return `media fields are: ${fields.map(({ name }) => name).join(', ')}`;
}
