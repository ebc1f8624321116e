import type { Dataset } from '../../datasets/dataset.js';
import type { SampleCollection } from '../../datasets/sample-collection.js';

/** A dataset, or what a saved view of it shows. */
export async function samplesOf(dataset: Dataset, view: string | undefined): Promise<SampleCollection> {
  return view === undefined ? dataset : await (await import('../../views/saved-views.js')).loadSavedView(dataset, view);
}

/** Lines of a list of which more may be counted than named; none if there are none. */
export function listed(what: string, total: number, lines: readonly string[]): string[] {
  if (total === 0) return [];
  const more = total > lines.length ? [`  … and ${total - lines.length} more`] : [];
  return [`${what}: ${total}`, ...lines.map((line) => `  - ${line}`), ...more];
}
