import { Doc, int32, type ObjectId, type ReadonlyDoc, type Value } from '../bson/index.js';
import { classAt } from '../fields/class-schemas.js';
import { EmbeddedDocument, Identified } from '../fields/embedded-document.js';
import type { Field } from '../fields/field.js';
import { storedDocument } from '../fields/stored-document.js';
import type { Assignment } from './assignments.js';
import { storedAt } from './field-path.js';
import type { Owner } from './owners.js';
import type { Target } from './target.js';

/** Makes update statements of assignments; all have one time. */
export class Statements {
  readonly #path: string;
  readonly #keys: readonly string[];
  readonly #list: string;
  readonly #below: string;

  constructor(
    readonly target: Target,
    readonly now: Value,
    readonly dataset: ObjectId,
  ) {
    const list = (target.listAt ?? 0) + 1;
    this.#keys = target.path.steps.map(({ key }) => key);
    this.#path = storedAt(target.path);
    this.#list = this.#keys.slice(0, list).join('.');
    this.#below = this.#keys.slice(list).join('.');
  }

  /** What sets the values of one sample or frame. What is no longer there is left alone. */
  of({ owner, value }: Assignment): ReadonlyDoc[] {
    if (this.target.listAt !== undefined) return [this.byId({ owner, value })];
    const { id, absentFrom, isNew } = owner;
    if (isNew) return [this.#newFrame(owner, value as Value)];
    const statement = update(Doc.of(['_id', id]), this.#set([this.#path, value as Value]));
    if (absentFrom === undefined) return [statement];
    const [key, whole] = this.#whole(absentFrom, value as Value);
    // somebody may have been faster: then the second one is needed
    return [update(Doc.of(['_id', id], [key, null]), this.#set([key, whole])), statement];
  }

  #newFrame({ sample, number }: Owner, value: Value): ReadonlyDoc {
    const query = Doc.of(['_sample_id', sample as ObjectId], ['frame_number', int32(number as number)]);
    const made = Doc.of(['_dataset_id', this.dataset], ['created_at', this.now]);
    const changes = Doc.of(['$set', this.#set(this.#whole(0, value))], ['$setOnInsert', made]);
    return Doc.of(['q', query], ['u', changes], ['upsert', true]);
  }

  /** Finds the documents of a list wherever they are. */
  byId({ owner: { id, elements }, value }: Assignment): ReadonlyDoc {
    const pairs: [string, Value][] = [];
    const filters: Doc[] = [];
    for (const [i, item] of (value as readonly (Value | undefined)[]).entries()) {
      if (item === undefined) continue;
      pairs.push([`${this.#list}.$[e${i}].${this.#below}`, item]);
      filters.push(Doc.of([`e${i}._id`, elements?.at(i) as ObjectId]));
    }
    return new Doc([...update(Doc.of(['_id', id]), this.#set(...pairs)), ['arrayFilters', filters]]);
  }

  /** Takes the documents of a list by their places, as long as all of them still are where they were. */
  byPlace({ owner: { id, elements }, value }: Assignment): ReadonlyDoc {
    const pairs = (value as readonly (Value | undefined)[]).flatMap((item, i): [string, Value][] =>
      item === undefined ? [] : [[`${this.#list}.${i}.${this.#below}`, item]],
    );
    const isSame = Doc.of(['$eq', [`$${this.#list}._id`, Doc.of(['$literal', elements?.all() ?? []])]]);
    return update(Doc.of(['_id', id], ['$expr', isSame]), this.#set(...pairs));
  }

  #set(...pairs: [string, Value][]): Doc {
    return Doc.of(...pairs, ['last_modified_at', this.now]);
  }

  /** The value with all documents around it that are missing, and the path of the outermost. */
  #whole(step: number, value: Value): [string, Value] {
    const keys = this.#keys;
    let whole = value;
    for (let i = keys.length - 1; i > step; i--) whole = holder(this.target.path.along[i - 1], keys[i] as string, whole);
    return [keys.slice(0, step + 1).join('.'), whole];
  }
}

function update(query: Doc, set: Doc): ReadonlyDoc {
  return Doc.of(['q', query], ['u', Doc.of(['$set', set])]);
}

/** A new document of a field's class that has one attribute. */
function holder(field: Field | undefined, key: string, value: Value): Doc {
  const name = field?.embeddedDocType ?? null;
  if (name === null) return Doc.of([key, value]);
  const hasId = classAt(name)?.attributes.some(({ name }) => name === 'id') ?? false;
  const kind = hasId
    ? class extends Identified {
        static override readonly path = name as string;
      }
    : class extends EmbeddedDocument {
        static override readonly path = name as string;
      };
  return storedDocument(new kind(), name).set(key, value);
}
