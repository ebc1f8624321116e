import type { ReadonlyDoc } from '../bson/index.js';

/** A change to the database as a whole, named for the release that introduced it. */
export interface DatabaseRevision {
  readonly version: string;
  /** What it is about, for the plan. */
  readonly summary: string;
  /**
   * The collections that going up no dataset uses any more. They are dropped only when an admin asks for it.
   *
   * @param collections the names of all collections of the database
   * @param datasets all dataset documents, at least with the names of their collections
   */
  orphans?(collections: readonly string[], datasets: readonly ReadonlyDoc[]): readonly string[];
}
