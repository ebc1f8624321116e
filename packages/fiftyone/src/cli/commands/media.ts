import type { Dataset } from '../../datasets/dataset.js';
import type { SampleCollection } from '../../datasets/sample-collection.js';

/** A dataset, or what a saved view of it shows. */
export async function samplesOf(dataset: Dataset, view: string | undefined): Promise<SampleCollection> {
  return view === undefined ? dataset : await (await import('../../views/saved-views.js')).loadSavedView(dataset, view);
}
