import type { Db } from 'mongodb';

/**
 * Names the election that made the server a primary; empty for a server that is no replica set. What was written after an
 * election, and not yet by a majority, may be gone after the next one.
 */
export async function electionOf(db: Db): Promise<string> {
  const { electionId } = await db.command({ hello: 1 });
  return electionId === undefined ? '' : String(electionId);
}
