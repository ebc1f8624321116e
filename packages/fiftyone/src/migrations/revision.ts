import type { Doc, ObjectId, ReadonlyDoc, Value } from '../bson/index.js';

/** A dataset's small documents as they are stored: its own, its runs and its saved views. */
export interface DatasetRecord {
  readonly dataset: ReadonlyDoc;
  /** Documents of `runs` that the dataset names, or that name the dataset. */
  readonly runs: readonly ReadonlyDoc[];
  /** Documents of `views`, likewise. */
  readonly views: readonly ReadonlyDoc[];
}

/** The engine's own copy of a record, which a step edits. Adding to or removing from `runs` and `views` inserts and deletes. */
export interface Draft {
  readonly dataset: Doc;
  readonly runs: Doc[];
  readonly views: Doc[];
}

/** A set that can only be asked. */
export type Known = Pick<ReadonlySet<string>, 'has'>;

/** What a step may know besides the record. Everything in it is the same again when an interrupted run is resumed. */
export interface StepContext {
  /** When the run began: milliseconds since 1970 UTC, and the microseconds (0 to 999) after them. */
  readonly now: { readonly ms: number; readonly micros: number };
  /** Names and slugs of all other datasets of the database. */
  readonly others: { readonly names: Known; readonly slugs: Known };
  /** A fresh ObjectId; ids ascend in the order of the calls. */
  newId(): ObjectId;
  /** Something a person should read: a rename, a legacy setting, what an older client may not be able to use. */
  warn(message: string): void;
}

/** A query filter or pipeline stage, with the driver's types for values. */
export type Query = Readonly<Record<string, unknown>>;

/** Documents that would make an edit fail or do harm. Any match stops the plan before anything is written. */
export interface Malformed {
  readonly collection: string;
  readonly filter: Query;
  /** What is wrong with a document that matches, e.g. "polylines is not a list". */
  readonly problem: string;
}

/**
 * An edit of a collection that is too large to load, done by the server, part by part. Parts that were done are done again when a
 * run was interrupted: `filter` leaves out what is done already wherever documents show it.
 */
export type BulkEdit = UpdateEdit | MergeEdit | IndexEdit | NewIndexEdit;

interface EditFacts {
  /** What it does, for people: "wrap the points of polylines". */
  readonly summary: string;
  readonly refuses?: readonly Malformed[];
  /** What a person loses if any document matches, e.g. "keypoint confidences"; the plan adds how many documents do. */
  readonly loses?: string;
}

/** Changes documents in place: `updateMany(filter, update)`. */
export interface UpdateEdit extends EditFacts {
  readonly kind: 'update';
  readonly collection: string;
  readonly filter: Query;
  /** Update operators, or the stages of an update pipeline. */
  readonly update: Query | readonly Query[];
  /** Matches a document to which this was not done yet, where `filter` matches others too. Default: `filter` */
  readonly pending?: Query;
  /** Whether the update does no harm to a document that `filter` leaves out: then it can share a pass with others. */
  readonly harmless?: boolean;
  /** Fields that going up this edit alone decides about: the attic does not put them back, not even where nobody changed them. */
  readonly decides?: readonly string[];
}

/** Joins collections: an aggregation over `collection` whose last stage is a `$merge` into `into`. */
export interface MergeEdit extends EditFacts {
  readonly kind: 'merge';
  readonly collection: string;
  readonly into: string;
  readonly pipeline: readonly Query[];
}

/** Drops an index that the edits after it would violate. Neither index nor collection need exist. */
export interface IndexEdit extends EditFacts {
  readonly kind: 'drop-index';
  readonly collection: string;
  readonly index: string;
}

/** Makes an index that a way down has dropped. One that is there already, or that the documents violate by now, is left out. */
export interface NewIndexEdit extends EditFacts {
  readonly kind: 'create-index';
  readonly collection: string;
  readonly index: KeptIndex;
}

/** An index of a collection. */
export interface KeptIndex {
  readonly collection: string;
  readonly name: string;
  /** Its fields, in order, each ascending. */
  readonly fields: readonly string[];
  readonly unique: boolean;
}

/** A rewrite of the results that a run keeps in GridFS. If it succeeds, the run points to the new file; if not, all stays as it is. */
export interface FileEdit {
  readonly run: ObjectId;
  readonly file: Value;
  /** The new content, or undefined when the file is not what the step knows how to rewrite. */
  rewrite(text: string): string | undefined;
}

/**
 * One direction of a revision, as pure functions of the record as it was before the step.
 *
 * A step throws {@link MalformedError} when the record is not what any release writes; the plan then refuses the dataset.
 */
export interface Step {
  /** Why this dataset cannot take the step, known before anything is written. */
  blocked?(record: DatasetRecord): string | undefined;
  /** What a person would lose, in words, for the plan and its confirmation. */
  loses?(record: DatasetRecord): readonly string[];
  /** Edits of samples, frames and delegated operations, in the order in which they are to be applied. */
  bulk?(record: DatasetRecord, context: StepContext): readonly BulkEdit[];
  files?(record: DatasetRecord): readonly FileEdit[];
  /** Changes the small documents. */
  edit?(draft: Draft, context: StepContext): void;
}

/** What a revision has left to do in a dataset that is at it already, or later: nothing, unless something went wrong. */
export interface Pending {
  /** What is wrong, e.g. "no date in created_at". */
  readonly problem: string;
  readonly collection: string;
  /** The documents that are wrong. */
  readonly filter: Query;
  /** The update that mends them, for people. */
  readonly mend: Query | readonly Query[];
}

/** A reversible change to a dataset, named for the release that introduced it. */
export interface Revision {
  readonly version: string;
  /** What it is about, for `--verbose` and the plan. */
  readonly summary: string;
  readonly up: Step;
  readonly down: Step;
  /**
   * What to look for in a dataset that is at this version or later. It must not match what later releases write.
   *
   * @param owners the datasets that name a collection: those of clips share the frames of their videos
   */
  pending?(dataset: ReadonlyDoc, owners: (collection: string) => readonly ObjectId[]): readonly Pending[];
}
