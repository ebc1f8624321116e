import type { Db } from 'mongodb';
import type { ObjectId } from '../bson/index.js';
import type { Decision } from './gate.js';
import type { Path } from './path.js';
import type { StoredRecord } from './read-record.js';
import type { Revision } from './revision.js';

/** The steps from one version to another. @param keepUnknown leave in what the target release does not know */
export type PathFinder = (from: string, to: string, keepUnknown: boolean) => Path;

/** What a run migrates: the documents of one collection, each of which carries a version, with all that belongs to them. */
export interface Realm {
  /** What people call such a document: "dataset". Its lease is called so too. */
  readonly noun: string;
  /** The collection of the documents. */
  readonly records: string;
  /** The collections of what a run notes: what was begun, what ways down took out, and what was done. */
  readonly work: string;
  readonly attic: string;
  readonly journal: string;
  readonly revisions: ReadonlyMap<string, Revision>;
  readonly pathBetween: PathFinder;
  /**
   * Whether one is to be migrated, and to which version.
   *
   * @param head '0.0' for one without a version
   * @param target undefined for the version of the database
   * @throws AdminRequiredError, IncompatibleError
   */
  gate(name: string, head: string, target: string | undefined, databaseVersion: string, admin: boolean): Decision;
  /** A reader of small documents, undefined for one that is gone. What is asked for at once is read at once. */
  reader(db: Db): (id: ObjectId) => Promise<StoredRecord | undefined>;
  /** The command that brings one to a version, for messages. */
  command(name: string, to: string): string;
}
