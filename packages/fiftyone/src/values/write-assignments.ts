import type { Db } from 'mongodb';
import type { ReadonlyDoc } from '../bson/index.js';
import { updateEach, updateRaw } from '../database/raw.js';
import { FiftyOneError } from '../errors.js';
import { type Assignment, nameOf } from './assignments.js';
import type { Owner } from './owners.js';
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
  const { text } = statements.target.path;
  const made = others.flatMap(({ owner, value }) => statements.of({ owner, value }).map((statement) => ({ owner, statement })));
  await updateAll(db, collection, text, made);
  const inPlace = async (some: readonly Assignment[]): Promise<number> => {
    const made = some.map((assignment) => statements.byPlace(assignment));
    const { n } = await updateRaw(db, collection, made).catch((error) => {
      throw typeof error?.index === 'number' ? refused(text, error.errmsg) : error;
    });
    return n;
  };
  if ((await inPlace(long)) < long.length) {
    const byId = long.map(({ owner, value }) => ({ owner, statement: statements.byId({ owner, value }) }));
    await updateAll(db, collection, text, byId);
  }
  for (const assignment of repeated) {
    if ((await inPlace([assignment])) === 0) {
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

interface Made {
  readonly owner: Owner;
  readonly statement: ReadonlyDoc;
}

async function updateAll(db: Db, collection: string, path: string, made: readonly Made[]): Promise<void> {
  if (made.length === 0) return;
  const statements = made.map(({ statement }) => statement);
  const errors = (await updateEach(db, collection, statements)).filter(({ errmsg }) => !LIST_IS_GONE.test(errmsg));
  const failure = errors.find(({ code }) => code !== DUPLICATE);
  if (failure !== undefined) throw refused(path, failure.errmsg, made[failure.index]?.owner);
  // somebody has made the same frames at the same time: they are there now
  const again = errors.map(({ index }) => statements[index] as ReadonlyDoc);
  if (again.length > 0) await updateRaw(db, collection, again);
}

function refused(path: string, why: string, owner?: Owner): FiftyOneError {
  const whose = owner === undefined ? '' : ` of ${nameOf(owner)}`;
  return new FiftyOneError(`the server refused the value for '${path}'${whose}: ${why}`, {
    hint: 'what is set by now stays: the same call with other values goes over it again',
  });
}
