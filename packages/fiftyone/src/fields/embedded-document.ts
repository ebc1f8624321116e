import { ObjectId } from '../bson/index.js';
import { UsageError } from '../errors.js';

/** Attributes of a document that a field holds: those of its class, and any others. */
export type Attributes<T> = Partial<Omit<Named<T>, 'id' | 'element'>> & { id?: string | ObjectId } & Record<string, unknown>;

/** The members of a class that have names. */
type Named<T> = { [K in keyof T as string extends K ? never : K]: T[K] };

const IDS = new WeakMap<EmbeddedDocument, ObjectId>();

/** A document that a field can hold: a label, metadata, a group. Its own properties are its attributes. */
export abstract class EmbeddedDocument {
  /** The class as schemas name it, such as `fiftyone.core.labels.Detection`. */
  static readonly path: string;

  /** An attribute that its class does not have by itself. */
  [attribute: string]: unknown;

  constructor(attributes: object = {}) {
    if (typeof attributes !== 'object' || attributes === null || Array.isArray(attributes)) {
      throw new UsageError(`the attributes of a ${this.constructor.name} must be an object`, { hint: 'such as { label }' });
    }
    for (const [name, value] of Object.entries(attributes)) {
      if (name === 'id') setId(this, value);
      else if (name in this) throw new UsageError(`${this.constructor.name} cannot have an attribute called '${name}'`);
      else this[name] = value;
    }
  }
}

/** A document with an id of its own. */
export abstract class Identified extends EmbeddedDocument {
  /** 24 hexadecimal digits. */
  get id(): string {
    return idOf(this).toHexString();
  }
}

/** The path of the class of a document. @throws UsageError for a class that has none */
export function pathOf(document: EmbeddedDocument): string {
  const { path, name } = document.constructor as typeof EmbeddedDocument;
  if (typeof path === 'string') return path;
  throw new UsageError(`${name} needs a path`, { hint: "static override readonly path = 'my_module.MyClass'" });
}

/** The id of a document, which is made when it is asked for first. */
export function idOf(document: EmbeddedDocument): ObjectId {
  const known = IDS.get(document);
  if (known !== undefined) return known;
  const id = new ObjectId();
  IDS.set(document, id);
  return id;
}

/** Gives a document an id. @throws UsageError for what is none, and for documents that have none */
export function setId(document: EmbeddedDocument, id: unknown): void {
  if (!(document instanceof Identified)) throw new UsageError(`${document.constructor.name} has no id`);
  if (id instanceof ObjectId) IDS.set(document, id);
  else if (typeof id === 'string' && /^[0-9a-f]{24}$/i.test(id)) IDS.set(document, new ObjectId(id));
  else throw new UsageError(`'${String(id)}' is not an id: it must have 24 hexadecimal digits`);
}
