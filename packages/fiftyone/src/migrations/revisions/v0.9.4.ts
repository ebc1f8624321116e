import { Doc, type ReadonlyDoc } from '../../bson/index.js';
import { loss } from '../losses.js';
import type { Revision } from '../revision.js';
import { docsAt, setDefault, stringAt } from '../shape.js';

/** Fields that a schema always has since, in order: their names and types. */
const OWN_FIELDS = {
  sample_fields: [['id', 'ObjectIdField']],
  frame_fields: [
    ['id', 'ObjectIdField'],
    ['frame_number', 'FrameNumberField'],
    ['_sample_id', 'ObjectIdField'],
  ],
} as const;

type SchemaKey = keyof typeof OWN_FIELDS;
const SCHEMAS: readonly SchemaKey[] = ['sample_fields', 'frame_fields'];

/** The schema says under which key a field is stored, and lists ids and frame numbers. Both directions may be repeated. */
export const v0_9_4: Revision = {
  version: '0.9.4',
  summary: 'the schema says under which key a field is stored, and lists ids and frame numbers',
  up: {
    edit({ dataset }) {
      for (const key of SCHEMAS) {
        setDefault(dataset, key, []);
        const fields = named(dataset, key);
        for (const [field, name] of fields) setDefault(field, 'db_field', usualKey(name));
        const list = fields.map(([field]) => field);
        const names = new Set(fields.map(([, name]) => name));
        for (const [i, [name, type]] of OWN_FIELDS[key].entries()) {
          if (!names.has(name)) list.splice(i, 0, newField(name, type));
        }
        dataset.set(key, list);
      }
    },
  },
  down: {
    loses: ({ dataset }) =>
      loss(
        'custom db_field',
        SCHEMAS.flatMap((key) => unusualKeys(dataset, key)),
      ),
    edit({ dataset }) {
      for (const key of SCHEMAS) {
        setDefault(dataset, key, []);
        const own: ReadonlySet<string> = new Set(OWN_FIELDS[key].map(([name]) => name));
        const kept = named(dataset, key).filter(([, name]) => !own.has(name));
        for (const [field] of kept) field.delete('db_field');
        dataset.set(
          key,
          kept.map(([field]) => field),
        );
      }
    },
  },
};

function named(dataset: ReadonlyDoc, key: SchemaKey): [Doc, string][] {
  return docsAt(dataset.get(key), key).map((field, i) => [field, stringAt(field.get('name'), `${key}[${i}].name`)]);
}

function usualKey(name: string): string {
  return name === 'id' ? '_id' : name;
}

function newField(name: string, type: string): Doc {
  return Doc.of(
    ['name', name],
    ['ftype', `fiftyone.core.fields.${type}`],
    ['subfield', null],
    ['embedded_doc_type', null],
    ['db_field', usualKey(name)],
  );
}

function unusualKeys(dataset: ReadonlyDoc, key: SchemaKey): string[] {
  if (!dataset.has(key)) return [];
  const prefix = key === 'frame_fields' ? 'frames.' : '';
  return named(dataset, key).flatMap(([field, name]) => {
    const stored = field.get('db_field') ?? usualKey(name);
    return stored === usualKey(name) ? [] : [`${prefix}${name} (${stored})`];
  });
}
