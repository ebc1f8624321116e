import { serialize } from 'bson';
import { Doc, decode, type ReadonlyDoc, type Value } from '../bson/index.js';
import { inTime } from '../database/lease-store.js';
import type { Lease } from '../database/leases.js';
import type { Query } from './revision.js';

/** How long a guarded write may take, in milliseconds: it is about a few small documents. */
export const MOST_MS = 1_000;

/**
 * Makes writes fail that reach the server when the lease they were made under may have ended: then others are at work, and a late
 * write would undo theirs. The failure is told by `isTooLate`.
 */
export class Guard {
  /** For filters that the driver encodes. */
  readonly filter: { readonly $expr: Query };
  /** For updates that are made of BSON. */
  readonly expression: Doc;

  /** @param leases those under which something is written together; the first to end counts */
  constructor(leases: readonly Lease[]) {
    const expires = new Date(Math.min(...leases.map((lease) => lease.expires.getTime())));
    this.filter = { $expr: inTime(expires, MOST_MS) };
    this.expression = decode(serialize(this.filter)).get('$expr') as Doc;
  }

  /** A statement that writes a document over one with the same `_id`, or as a new one. */
  replacement(doc: ReadonlyDoc): Doc {
    return this.#upsert(doc, this.expression);
  }

  /** A statement that writes a document over one that is there. Large ones are several times as fast to write as by `replacement`. */
  overwriting(doc: ReadonlyDoc): Doc {
    return Doc.of(['q', this.only(Doc.of(['_id', doc.get('_id') as Value]))], ['u', doc as Doc]);
  }

  /** A statement that inserts a document unless there is one with its `_id`, which may be newer than the runner knows. */
  insertion(doc: ReadonlyDoc): Doc {
    const isNew = Doc.of(['$eq', ['$$ROOT', Doc.of(['$literal', Doc.of(['_id', doc.get('_id') as Value])])]]);
    return this.#upsert(doc, Doc.of(['$and', [this.expression, isNew]]));
  }

  /** The same filter, guarded. @param condition a further expression that must be true */
  only(filter: ReadonlyDoc, condition?: Doc): Doc {
    const all = condition === undefined ? this.expression : Doc.of(['$and', [this.expression, condition]]);
    return new Doc([...filter, ['$expr', all]]);
  }

  #upsert(doc: ReadonlyDoc, condition: Doc): Doc {
    const replaced = Doc.of(['$cond', [condition, Doc.of(['$literal', doc as Doc]), '$$ROOT']]);
    return Doc.of(['q', Doc.of(['_id', doc.get('_id') as Value])], ['u', [Doc.of(['$replaceWith', replaced])]], ['upsert', true]);
  }
}
