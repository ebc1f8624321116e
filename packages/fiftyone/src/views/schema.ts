import { Doc, type ReadonlyDoc, type Value } from '../bson/index.js';
import { isIn } from './expression.js';
import { ITEMS_OF } from './label-classes.js';

/** A field of a dataset's schema. */
export interface Field {
  readonly name: string;
  /** Its key in documents. */
  readonly key: string;
  /** Classes by their short names: `ListField`, `EmbeddedDocumentField`, `Detections`. */
  readonly type: string;
  readonly subtype: string | undefined;
  readonly document: string | undefined;
  /** Whether it holds a label, or a list of labels. */
  readonly isLabel: boolean;
  readonly description: string | undefined;
  readonly info: ReadonlyDoc | undefined;
  readonly fields: readonly Field[];
}

/** A field that holds one label, or a list of them. */
export interface LabelField {
  /** As users write it; those of frames begin with `frames.` */
  readonly path: string;
  /** The list of labels in it, or undefined if it is one label. */
  readonly items: string | undefined;
  /** Whether it is a field of frames. */
  readonly ofFrames: boolean;
}

/** The fields that a view shows at one of its stages. */
export class Schema {
  private constructor(
    readonly samples: readonly Field[],
    readonly frames: readonly Field[],
    private readonly selections: readonly (readonly string[])[],
    private readonly excluded: readonly string[],
  ) {}

  /** @param withFrames whether it may have frames */
  static of(dataset: ReadonlyDoc, withFrames: boolean): Schema {
    return new Schema(fieldsOf(dataset.get('sample_fields')), withFrames ? fieldsOf(dataset.get('frame_fields')) : [], [], []);
  }

  /** With these fields only, of those that are not always there. */
  select(paths: readonly string[]): Schema {
    return new Schema(this.samples, this.frames, [...this.selections, paths], this.excluded);
  }

  exclude(paths: readonly string[]): Schema {
    return new Schema(this.samples, this.frames, this.selections, [...this.excluded, ...paths]);
  }

  /** The fields along a path, as far as they are declared. */
  along(path: string): Field[] {
    const ofFrames = path.startsWith(FRAMES);
    const found: Field[] = [];
    let fields = ofFrames ? this.frames : this.samples;
    for (const name of (ofFrames ? path.slice(FRAMES.length) : path).split('.')) {
      const field = fields.find((field) => field.name === name || field.key === name);
      if (!field) break;
      found.push(field);
      fields = field.fields;
    }
    return found;
  }

  /** The declared field at a path. */
  at(path: string): Field | undefined {
    const steps = (path.startsWith(FRAMES) ? path.slice(FRAMES.length) : path).split('.');
    return this.along(path)[steps.length - 1];
  }

  /** A path with the keys of documents in place of the names of fields. */
  keys(path: string): string {
    const found = this.along(path);
    const ofFrames = path.startsWith(FRAMES);
    const names = (ofFrames ? path.slice(FRAMES.length) : path).split('.');
    const keys = names.map((name, i) => found[i]?.key ?? (name === 'id' ? '_id' : name));
    return (ofFrames ? [FRAMES.slice(0, -1), ...keys] : keys).join('.');
  }

  /** The list of labels in a field, or undefined if it is none. */
  itemsOf(path: string): string | undefined {
    return ITEMS_OF.get(this.at(path)?.document ?? '');
  }

  /** Whether documents or labels are listed at a path. */
  isList(path: string): boolean {
    return this.at(path)?.type === 'ListField';
  }

  /** All fields with labels that are shown, in the order of the schema; those of frames last. */
  labelFields(): LabelField[] {
    return [...labelFields(this.samples, ''), ...labelFields(this.frames, FRAMES)].filter(({ path }) => this.shows(path));
  }

  /** Whether a field is shown that is not always there. */
  shows(path: string): boolean {
    if (this.excluded.some((excluded) => isIn(path, excluded))) return false;
    return this.selections.every((paths) => paths.some((selected) => isIn(path, selected) || isIn(selected, path)));
  }
}

export const FRAMES = 'frames.';

function labelFields(fields: readonly Field[], prefix: string): LabelField[] {
  return fields.flatMap((field) => {
    if (field.type !== 'EmbeddedDocumentField' || field.document === undefined) return [];
    const path = `${prefix}${field.name}`;
    if (!field.isLabel) return labelFields(field.fields, `${path}.`);
    return [{ path, items: ITEMS_OF.get(field.document), ofFrames: prefix.startsWith(FRAMES) }];
  });
}

function fieldsOf(value: Value | undefined): Field[] {
  return Array.isArray(value) ? value.flatMap((item) => (item instanceof Doc ? [fieldOf(item)] : [])) : [];
}

function fieldOf(doc: Doc): Field {
  const name = text(doc.get('name')) ?? '';
  const embedded = text(doc.get('embedded_doc_type'));
  const info = doc.get('info');
  return {
    name,
    key: text(doc.get('db_field')) ?? name,
    type: shortName(text(doc.get('ftype'))) ?? '',
    subtype: shortName(text(doc.get('subfield'))),
    document: shortName(embedded),
    isLabel: embedded?.startsWith('fiftyone.core.labels.') ?? false,
    description: text(doc.get('description')),
    info: info instanceof Doc ? info : undefined,
    fields: fieldsOf(doc.get('fields')),
  };
}

function shortName(cls: string | undefined): string | undefined {
  return cls?.slice(cls.lastIndexOf('.') + 1);
}

function text(value: Value | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
