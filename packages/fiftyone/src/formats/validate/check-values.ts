import { BsonType, Doc, numberOf, ObjectId, type ReadonlyDoc, Scalar, toEjson, type Value } from '../../bson/index.js';
import { classSchema, type Field } from '../../fields/index.js';
import { releaseAt } from '../../migrations/release-documents.js';
import { kindOf } from '../../migrations/shape.js';

/** A value that is not what its field says. */
export interface WrongValue {
  readonly place: string;
  readonly message: string;
}

/** Looks whether the values of documents are those of their fields: clients of FiftyOne cannot read others. */
export class ValueCheck {
  readonly #fields: readonly Field[];
  readonly #classes: ReadonlySet<string>;

  constructor(fields: readonly Field[], version: string) {
    this.#fields = fields;
    const own = [...releaseAt(version).classes].map((path) => path.slice(path.lastIndexOf('.') + 1));
    this.#classes = new Set([...own, ...declaredClasses(fields)]);
  }

  look(doc: ReadonlyDoc, tell: (wrong: WrongValue) => void): void {
    this.#lookIn(doc, this.#fields, '', tell);
  }

  #lookIn(doc: ReadonlyDoc, fields: readonly Field[], above: string, tell: (wrong: WrongValue) => void): void {
    for (const field of fields) {
      const value = doc.get(field.dbField) ?? null;
      if (value !== null) this.#check(value, field.ftype, field, above + field.dbField, tell);
    }
  }

  #check(value: Value, type: string, field: Field, place: string, tell: (wrong: WrongValue) => void): void {
    const expected = EXPECTED.get(type);
    if (expected !== undefined && !expected.is(value)) {
      tell({ place, message: `is ${kindOf(value)}, expected ${expected.text}: its field is of type ${type}` });
      return;
    }
    if (type === 'EmbeddedDocumentField') {
      const cls = (value as Doc).get('_cls');
      if (cls !== undefined && !(typeof cls === 'string' && this.#knows(cls))) {
        tell({ place: `${place}._cls`, message: `${toEjson(cls)} is no class that a client of FiftyOne knows` });
        return;
      }
      this.#lookIn(value as Doc, field.fields, `${place}.`, tell);
    } else if (type === 'ListField' && field.subfield !== null && CHECKED_ITEMS.has(field.subfield)) {
      for (const [i, item] of (value as Value[]).entries()) {
        if (item !== null) this.#check(item, field.subfield, field, `${place}[${i}]`, tell);
      }
    }
  }

  #knows(cls: string): boolean {
    return this.#classes.has(cls) || classSchema(cls) !== undefined || /Camera|Transform|Reference/.test(cls);
  }
}

interface Expected {
  readonly text: string;
  readonly is: (value: Value) => boolean;
}

const NUMBER: Expected = { text: 'a number', is: (value) => numberOf(value) !== undefined };
const DATE: Expected = { text: 'a date', is: (value) => value instanceof Scalar && value.type === BsonType.date };

const EXPECTED: ReadonlyMap<string, Expected> = new Map([
  ['StringField', { text: 'a string', is: (value) => typeof value === 'string' }],
  ['BooleanField', { text: 'a boolean', is: (value) => typeof value === 'boolean' }],
  ['IntField', NUMBER],
  ['FrameNumberField', NUMBER],
  ['FloatField', NUMBER],
  ['DateField', DATE],
  ['DateTimeField', DATE],
  ['ObjectIdField', { text: 'an ObjectId', is: (value) => value instanceof ObjectId }],
  ['ListField', { text: 'a list', is: Array.isArray }],
  ['DictField', { text: 'a document', is: (value) => value instanceof Doc }],
  ['EmbeddedDocumentField', { text: 'a document', is: (value) => value instanceof Doc }],
]);

/** Long lists of numbers are not looked through: no client looks at their items before it needs them. */
const CHECKED_ITEMS: ReadonlySet<string> = new Set(['StringField', 'EmbeddedDocumentField']);

function declaredClasses(fields: readonly Field[]): string[] {
  return fields.flatMap(({ embeddedDocType: path, fields: inner }) => [
    ...(path === null ? [] : [path.slice(path.lastIndexOf('.') + 1)]),
    ...declaredClasses(inner),
  ]);
}
