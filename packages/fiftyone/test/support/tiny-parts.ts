import type { PartSizes } from '../../src/migrations/bulk-edits.js';

/** Cuts even the small collections of tests into parts. */
export const TINY_PARTS: PartSizes = { small: 0, whole: 0, first: 2, most: 3 };
