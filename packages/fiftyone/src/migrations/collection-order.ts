import { KEPT_DOCUMENTS } from './attic/kept-documents.js';
import type { BulkEdit } from './revision.js';

/** The collection of all datasets' operations: every edit of it names its dataset, so their order does not matter. */
export const COMMON = 'delegated_ops';

/**
 * Keeps datasets that share a collection apart: a dataset of clips has the frames of the videos that it was made from, and
 * what is last written to them must not depend on timing.
 */
export class CollectionOrder {
  readonly #last = new Map<string, Promise<void>>();

  /** Queues edits behind those that were queued earlier for any of the same collections. */
  queue(edits: readonly BulkEdit[]): { before: Promise<unknown>; done: () => void } {
    const names = new Set(edits.flatMap((edit) => (edit.kind === 'merge' ? [edit.collection, edit.into] : [edit.collection])));
    for (const common of [COMMON, KEPT_DOCUMENTS]) names.delete(common);
    const before = Promise.all([...names].map((name) => this.#last.get(name)));
    let done = () => {};
    const ended = new Promise<void>((resolve) => {
      done = resolve;
    });
    for (const name of names) this.#last.set(name, ended);
    return { before, done };
  }
}
