import type { ReadonlyDoc } from '../bson/index.js';
import { UsageError } from '../errors.js';
import { type MediaField, mediaFields } from './media-fields.js';

/**
 * Media fields by name: `filepath`, `ground_truth.detections.mask_path`, or just what holds the file, `ground_truth.detections`.
 *
 * @param names default: all of them
 * @throws UsageError for a field that has no media
 */
export function namedMediaFields(dataset: ReadonlyDoc, names: string | readonly string[] | undefined): MediaField[] {
  const all = mediaFields(dataset);
  if (names === undefined) return all;
  const wanted = [names].flat();
  const unknown = wanted.find((name) => !all.some((field) => field.name === name || field.holder === name));
  if (unknown !== undefined) {
    throw new UsageError(`Dataset '${dataset.get('name')}' has no media field ${JSON.stringify(unknown)}`, {
      hint: `its media fields are: ${all.map(({ name }) => name).join(', ')}`,
    });
  }
  return all.filter(({ name, holder }) => wanted.includes(name) || wanted.includes(holder));
}
