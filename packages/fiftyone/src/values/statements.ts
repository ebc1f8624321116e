import { Doc, int32, type ObjectId, type ReadonlyDoc, type Value } from '../bson/index.js';
import { classAt } from '../fields/class-schemas.js';
import { EmbeddedDocument, Identified } from '../fields/embedded-document.js';
import type { Field } from '../fields/field.js';
import { storedDocument } from '../fields/stored-document.js';
import type { Assignment } from './assignments.js';
import { storedAt } from './field-path.js';
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
    this.#keys = target.path.steps.map(({ key }) => key);
    this.#path = storedAt(target.path);
    this.#list = this.#keys.slice(0, (target.listAt ?? 0) + 1).join('.');
    this.#below = this.#keys.slice((target.listAt ?? 0) + 1).join('.');
  }

  /** What sets the values of one sample or frame. Nothing happens to what is no longer as it was when it was read. */
  *of({ owner, value }: Assignment): Generator<ReadonlyDoc> {
    if (this.target.listAt !== undefined) {
      yield this.#elements(owner.id, owner.elements as readonly ObjectId[], value as readonly (Value | undefined)[]);
      return;
    }
    const { absentFrom, sample, number, isNew } = owner;
    if (isNew) {
      const frame = Doc.of(['_sample_id', sample as ObjectId], ['frame_number', int32(number as number)]);
      const made = Doc.of(['_dataset_id', this.dataset], ['created_at', this.now]);
      const [key, whole] = this.#whole(absentFrom ?? 0, value as Value);
      const update = Doc.of(['$set', this.#set(key, whole)], ['$setOnInsert', made]);
      yield Doc.of(['q', frame], ['u', update], ['upsert', true]);
      return;
    }
    if (absentFrom !== undefined) {
      const [key, whole] = this.#whole(absentFrom, value as Value);
      yield Doc.of(['q', Doc.of(['_id', owner.id], [key, null])], ['u', Doc.of(['$set', this.#set(key, whole)])]);
      // somebody may have been faster
    }
    yield Doc.of(['q', Doc.of(['_id', owner.id])], ['u', Doc.of(['$set', this.#set(this.#path, value as Value)])]);
  }

  #set(key: string, value: Value): Doc {
    return Doc.of([key, value], ['last_modified_at', this.now]);
  }

  /** All documents of a list at once, by their places, as long as each is still in its place. */
  #elements(id: ObjectId, elements: readonly ObjectId[], values: readonly (Value | undefined)[]): ReadonlyDoc {
    const query = Doc.of(['_id', id]);
    const set = new Doc();
    for (const [i, value] of values.entries()) {
      query.set(`${this.#list}.${i}._id`, elements[i] as ObjectId);
      if (value !== undefined) set.set(`${this.#list}.${i}.${this.#below}`, value);
    }
    return Doc.of(['q', query], ['u', Doc.of(['$set', set.set('last_modified_at', this.now)])]);
  }

  /** The documents of a list one by one, wherever they are by now. */
  *oneByOne({ owner, value }: Assignment): Generator<ReadonlyDoc> {
    for (const [i, item] of (value as readonly (Value | undefined)[]).entries()) {
      if (item === undefined) continue;
      const query = Doc.of(['_id', owner.id], [`${this.#list}._id`, owner.elements?.[i] as ObjectId]);
      yield Doc.of(['q', query], ['u', Doc.of(['$set', this.#set(`${this.#list}.$.${this.#below}`, item)])]);
    }
  }

  /** The value with all documents around it that are missing, and the path of the outermost. */
  #whole(step: number, value: Value): [string, Value] {
    const keys = this.#keys;
    let whole = value;
    for (let i = keys.length - 1; i > step; i--) whole = holder(this.target.path.along[i - 1], keys[i] as string, whole);
    return [keys.slice(0, step + 1).join('.'), whole];
  }
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
