import type { IndexEdit } from './revision.js';

const NAME = '_sample_id_1_frame_number_1';

/**
 * Drops the index of frames by sample, which releases from 0.11.2 on make unique: without the ids of samples, frames of different
 * videos would collide.
 */
export function dropFrameIndex(collection: string): IndexEdit {
  return { kind: 'drop-index', summary: 'drop the index of frames by sample', collection, index: NAME };
}
