import type { ReadonlyDoc } from '../bson/index.js';
import type { SampleCollection } from './sample-collection.js';

/** Whether samples are those of a dataset, not copies that a view has made of parts of it. */
export function isOwn(samples: SampleCollection): boolean {
  return samples.samples('active').collection === samples.doc.get('sample_collection_name') && !isGenerated(samples.doc);
}

/** Whether a dataset is one of patches, clips or frames that a view has made. */
export function isGenerated(dataset: ReadonlyDoc): boolean {
  return /^(patches|clips|frames)\./.test(String(dataset.get('sample_collection_name')));
}
