/** What a field can hold. */
export interface FieldType {
  /** The class of the field, such as `FloatField`; with its module when it is not one of FiftyOne's own. */
  readonly ftype: string;
  /** The class of the items of a list or dict, or null when anything goes. */
  readonly subfield: string | null;
  /** The class of the embedded documents, with its module, or null. */
  readonly embeddedDocType: string | null;
  /** The schema of the embedded documents. */
  readonly fields: readonly NamedType[];
}

/** A type and the name of the field that has it. */
export interface NamedType extends FieldType {
  readonly name: string;
}

/** A field that holds simple values, such as `IntField`, or a list of them. */
export function simpleType(ftype: string, subfield: string | null = null): FieldType {
  return { ftype, subfield, embeddedDocType: null, fields: [] };
}

/** A field that holds a document of this class. @param embeddedDocType with its module */
export function documentType(embeddedDocType: string, fields: readonly NamedType[]): FieldType {
  return { ftype: 'EmbeddedDocumentField', subfield: null, embeddedDocType, fields };
}

/** The type of the items of a list or dict, or undefined when anything goes. */
export function itemType(list: FieldType): FieldType | undefined {
  if (list.subfield === null) return undefined;
  return { ftype: list.subfield, subfield: null, embeddedDocType: list.embeddedDocType, fields: list.fields };
}

/** A list of items of this type. */
export function listOf(item: FieldType): FieldType {
  return { ftype: 'ListField', subfield: item.ftype, embeddedDocType: item.embeddedDocType, fields: item.fields };
}

/** The type as people read it: `ListField(FloatField)`, `EmbeddedDocumentField(Detections)`. */
export function typeText(type: FieldType): string {
  const cls = type.embeddedDocType?.split('.').at(-1);
  const of = type.subfield === null ? cls : cls === undefined ? type.subfield : `${type.subfield}(${cls})`;
  return of === undefined ? type.ftype : `${type.ftype}(${of})`;
}
