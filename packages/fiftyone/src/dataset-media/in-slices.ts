import type { SampleCollection } from '../datasets/sample-collection.js';
import { UsageError } from '../errors.js';

/**
 * The samples of some slices of a grouped dataset, and the frames of videos if one of the slices has videos.
 *
 * @throws UsageError for slices that there are not
 */
export function inSlices(samples: SampleCollection, slices: readonly string[]): SampleCollection {
  const { connection, doc, isView } = samples;
  const types = doc.get('group_media_types');
  const known = types instanceof Map ? types : new Map<string, unknown>();
  const unknown = slices.find((slice) => !known.has(slice));
  if (unknown !== undefined) {
    throw new UsageError(`Dataset '${doc.get('name')}' has no group slice ${JSON.stringify(unknown)}`, {
      hint: known.size === 0 ? 'it has no groups' : `its slices are: ${[...known.keys()].join(', ')}`,
    });
  }
  const { collection, pipeline } = samples.samples('all');
  const inThem = { $match: { [`${doc.get('group_field')}.name`]: { $in: slices } } };
  const hasVideos = slices.some((slice) => known.get(slice) === 'video');
  return {
    ...{ connection, doc, isView },
    samples: () => ({ collection, pipeline: [...pipeline, inThem] }),
    frames: () => (hasVideos ? samples.frames() : undefined),
    shows: (path) => samples.shows?.(path) ?? true,
  };
}
