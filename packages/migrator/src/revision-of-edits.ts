import type { BulkEdit, Pending, Revision } from 'fiftyone/engine';

/** A revision of collections, in the words of its release. */
export interface EditsOfRevision {
  readonly version: string;
  readonly summary: string;
  readonly up: readonly BulkEdit[];
  readonly down: readonly BulkEdit[];
}

/** A revision that is the same whatever the service's document says. What its way up would still change counts as pending. */
export function revisionOf({ version, summary, up, down }: EditsOfRevision): Revision {
  const pending = up.flatMap((edit): Pending[] => {
    if (edit.kind !== 'update') return [];
    const { collection, filter, update: mend } = edit;
    return [{ problem: `not done: ${edit.summary}`, collection, filter: edit.pending ?? filter, mend }];
  });
  return { version, summary, up: { bulk: () => up }, down: { bulk: () => down }, pending: () => pending };
}
