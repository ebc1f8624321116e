import type { NotedChange } from './path-journal.js';
import type { FoundText } from './text-reader.js';

/** What can be done about a change, as its document is now. */
export interface Located {
  readonly change: NotedChange;
  /** `todo`: the old path is there; `done`: the new one is; `other`: neither. */
  readonly state: 'todo' | 'done' | 'other';
  /** Where the old path is now. */
  readonly place: string;
}

/**
 * Looks where the old paths of changes are in a document now. What is not in its place, because a list has got longer or shorter, is
 * looked for in the rest of the field; no place counts twice.
 *
 * @param textsOf the texts of a field as they are now
 */
export function located(changes: readonly NotedChange[], textsOf: (change: NotedChange) => readonly FoundText[]): Located[] {
  const claimed = new Set<FoundText>();
  const result = new Map<NotedChange, Located>();
  const look = (state: 'todo' | 'done', isHere: boolean): void => {
    for (const change of changes) {
      if (result.has(change)) continue;
      const wanted = state === 'todo' ? change.from : change.to;
      const found = textsOf(change).find(
        (one) => one.text === wanted && (!isHere || one.place === change.place) && !claimed.has(one),
      );
      if (found === undefined) continue;
      claimed.add(found);
      result.set(change, { change, state, place: found.place });
    }
  };
  look('todo', true);
  look('done', true);
  // of two that are the same a change may be meant for either: rather too little is changed than too much
  look('done', false);
  look('todo', false);
  return changes.map((change) => result.get(change) ?? { change, state: 'other', place: change.place });
}
