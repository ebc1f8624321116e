import type { BulkEdit } from 'fiftyone/engine';

/** Fields that a release adds to every document of a collection. */
export interface AddedField {
  readonly collection: string;
  readonly field: string;
  /** What a document has that was made before. */
  readonly value: unknown;
  /** What goes if the field goes, for people; only documents count in which it is not `value`. */
  readonly loses: string;
}

export function addField({ collection, field, value }: AddedField): BulkEdit {
  return {
    kind: 'update',
    summary: `add ${field}`,
    collection,
    filter: { [field]: { $exists: false } },
    update: [{ $set: { [field]: { $literal: value } } }],
  };
}

/** Takes it out again: first where it says something, then where it does not. */
export function removeField({ collection, field, value, loses }: AddedField): BulkEdit[] {
  const remove = { kind: 'update', collection, update: [{ $unset: [field] }] } as const;
  return [
    { ...remove, summary: `remove ${field}`, filter: { [field]: { $exists: true, $ne: value } }, loses },
    { ...remove, summary: `remove ${field} where it says nothing`, filter: { [field]: { $exists: true } } },
  ];
}
