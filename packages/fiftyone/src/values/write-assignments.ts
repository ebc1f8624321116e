import type { Db } from 'mongodb';
import type { ReadonlyDoc } from '../bson/index.js';
import { updateEach, updateRaw } from '../database/raw.js';
import { FiftyOneError } from '../errors.js';
import { type Assignment, nameOf } from './assignments.js';
import type { Statements } from './statements.js';

/**
 * Writes some assignments. What somebody changes meanwhile stays as he changes it, but for what is to be set; documents that he takes
 * away are left out.
 */
export async function writeAssignments(
  db: Db,
  collection: string,
  statements: Statements,
  assignments: readonly Assignment[],
): Promise<void> {
  const inLists = statements.target.listAt !== undefined;
  const repeated = inLists ? assignments.filter(({ owner }) => owner.elements?.hasRepeated()) : [];
  const long = inLists ? assignments.filter((one) => (one.owner.elements?.length ?? 0) > FEW && !repeated.includes(one)) : [];
  const others = inLists ? assignments.filter((one) => !repeated.includes(one) && !long.includes(one)) : assignments;
  await updateAll(
    db,
    collection,
    others.flatMap((assignment) => statements.of(assignment)),
  );
  const { n } = await updateRaw(
    db,
    collection,
    long.map((assignment) => statements.byPlace(assignment)),
  );
  if (n < long.length)
    await updateAll(
      db,
      collection,
      long.map((assignment) => statements.byId(assignment)),
    );
  for (const assignment of repeated) {
    const result = await updateRaw(db, collection, [statements.byPlace(assignment)]);
    if (result.n === 0) {
      throw new FiftyOneError(`the list of ${nameOf(assignment.owner)} was changed meanwhile, and has the same id twice`, {
        hint: 'nothing is set in it: read its values again, then set them',
      });
    }
  }
}

/** Up to so many documents of a list the server looks for by id, which takes it the square of their number. */
const FEW = 50;

/** The server's code for a second document with a key that must be unique. */
const DUPLICATE = 11000;

/** What the server says when the documents to be found by id have no list around them any more. */
const LIST_IS_GONE = /must exist in the document in order to apply array updates|Cannot apply array updates to non-array/;

async function updateAll(db: Db, collection: string, made: readonly ReadonlyDoc[]): Promise<void> {
  if (made.length === 0) return;
  const errors = (await updateEach(db, collection, made)).filter(({ errmsg }) => !LIST_IS_GONE.test(errmsg));
  const failure = errors.find(({ code }) => code !== DUPLICATE);
  if (failure !== undefined) {
    throw new FiftyOneError(`the server refused a value: ${failure.errmsg}`, {
      hint: 'what is set by now stays: the same call with other values goes over it again',
    });
  }
  // somebody has made the same frames at the same time: they are there now
  const again = errors.map(({ index }) => made[index] as ReadonlyDoc);
  if (again.length > 0) await updateRaw(db, collection, again);
}
