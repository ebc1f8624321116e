import { BsonType, Doc, ObjectId, Scalar, type Value } from '../bson/index.js';
import { type EmbeddedDocument, Identified, setId } from '../fields/embedded-document.js';
import { classAt, plainValue, unpackArray } from '../fields/index.js';
import { Original, setOriginal } from '../fields/originals.js';
import * as camera from './camera.js';
import { Group } from './group.js';
import * as labels from './labels.js';
import * as metadata from './metadata.js';

type Class = { readonly path: string; readonly prototype: EmbeddedDocument };

const CLASSES = new Map<string, Class>();
for (const found of [...Object.values(labels), ...Object.values(metadata), ...Object.values(camera), Group]) {
  if (typeof found === 'function' && typeof found.path === 'string')
    CLASSES.set(found.path.slice(found.path.lastIndexOf('.') + 1), found);
}

/**
 * A stored document as an object of its class: a label, metadata, a group, with arrays as `NdArray`. Stored again, whatever was not changed keeps its bytes.
 * Documents of other classes stay as they are.
 */
export function readDocument(doc: Doc): EmbeddedDocument | Doc {
  const cls = CLASSES.get(String(doc.get('_cls')));
  if (cls === undefined) return doc;
  const document = Object.create(cls.prototype) as EmbeddedDocument;
  const attributes = new Map((classAt(cls.path)?.attributes ?? []).map((attribute) => [attribute.name, attribute.ftype]));
  const read = (key: string, value: Value): unknown => {
    if (value instanceof Scalar && value.type === BsonType.binary) return unpackArray(value) ?? value;
    const isGeo = attributes.get(key)?.startsWith('Geo') && value instanceof Doc;
    return isGeo ? plainValue(value.get('coordinates') ?? null) : readValue(value);
  };
  for (const [key, value] of doc) {
    if (key === '_cls') continue;
    if (key === '_id' && value instanceof ObjectId && document instanceof Identified) setId(document, value);
    else if (value !== null || !attributes.has(key)) {
      const name = value instanceof ObjectId && key.startsWith('_') ? key.slice(1) : key;
      Object.defineProperty(document, name, { value: read(key, value), enumerable: true, writable: true, configurable: true });
    }
  }
  setOriginal(document, new Original(doc, read));
  return document;
}

/** A stored value as JavaScript has it, documents with a class as its objects. */
export function readValue(value: Value): unknown {
  if (value instanceof Doc) {
    if (value.has('_cls')) return readDocument(value);
    return Object.fromEntries([...value].map(([key, item]) => [key, readValue(item)]));
  }
  if (Array.isArray(value)) return value.map(readValue);
  return plainValue(value);
}
