import { Doc } from '../../bson/index.js';
import type { Release } from '../release-documents.js';

/** Removes mask targets of colours from what releases read that know only numbers. @returns the names of the removed */
export function removeColourTargets(dataset: Doc, release: Release): string[] {
  if (!release.fields.has('Targets')) return [];
  const removed = colours(dataset.get('default_mask_targets')).map((colour) => `default_mask_targets.${colour}`);
  const byField = dataset.get('mask_targets');
  if (!(byField instanceof Doc)) return removed;
  for (const [field, targets] of byField) {
    const gone = colours(targets);
    removed.push(...gone.map((colour) => `mask_targets.${field}.${colour}`));
    if (gone.length > 0 && targets instanceof Doc && targets.size === 0) byField.delete(field);
  }
  return removed;
}

function colours(targets: unknown): string[] {
  if (!(targets instanceof Doc)) return [];
  const found = [...targets.keys()].filter((key) => !/^\s*[-+]?\d+\s*$/.test(key));
  for (const colour of found) targets.delete(colour);
  return found;
}
