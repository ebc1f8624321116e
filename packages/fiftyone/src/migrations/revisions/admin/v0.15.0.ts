import type { DatabaseRevision } from '../../database-revision.js';

const PREFIXES = ['samples.', 'frames.', 'patches.', 'clips.'];

/** Earlier releases left collections behind when they deleted datasets. */
export const admin_v0_15_0: DatabaseRevision = {
  version: '0.15.0',
  summary: 'collections that were left behind when datasets were deleted are found',
  orphans(collections, datasets) {
    const used = new Set(
      datasets.flatMap((dataset) => {
        const samples = dataset.get('sample_collection_name');
        return [...(typeof samples === 'string' ? [samples, `frames.${samples}`] : []), dataset.get('frame_collection_name')];
      }),
    );
    return collections.filter((name) => PREFIXES.some((prefix) => name.startsWith(prefix)) && !used.has(name));
  },
};
