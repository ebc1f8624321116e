import { classSchema } from '../fields/index.js';

/** The lists in the classes that are lists of labels. */
export const ITEMS_OF: ReadonlyMap<string, string> = new Map([
  ['Classifications', 'classifications'],
  ['Detections', 'detections'],
  ['Polylines', 'polylines'],
  ['Keypoints', 'keypoints'],
  ['TemporalDetections', 'detections'],
]);

/** The keys that every document of a class keeps when only some of its fields are selected. Classes that users define have none. */
export function defaultKeys(cls: string): string[] {
  const attributes = classSchema(cls)?.attributes ?? [];
  return ['_cls', ...attributes.map(({ name }) => (name === 'id' ? '_id' : name))];
}
