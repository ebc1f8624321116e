import { setTimeout as sleep } from 'node:timers/promises';
import type { Db, Document } from 'mongodb';

const NOT_AUTHORIZED = 13;

/** Ends commands with this comment that the server still carries out for a client that died, and waits until they have ended. */
export async function endLeftovers(db: Db, comment: string): Promise<void> {
  for (let left = await commandsWith(db, comment); left.length > 0; left = await commandsWith(db, comment)) {
    for (const { opid } of left) await db.admin().command({ killOp: 1, op: opid });
    await sleep(50);
  }
}

/** Other users' commands show only to a user who may see them; parts of edits end by themselves in any case. */
async function commandsWith(db: Db, comment: string): Promise<Document[]> {
  const find = (allUsers: boolean) =>
    db.client
      .db('admin')
      .aggregate([{ $currentOp: { allUsers } }, { $match: { active: true, 'command.comment': comment } }])
      .toArray();
  try {
    return await find(true);
  } catch (error) {
    if ((error as { code?: number }).code !== NOT_AUTHORIZED) throw error;
    return await find(false);
  }
}
