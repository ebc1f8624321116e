import { Doc, date, type ReadonlyDoc } from '../../bson/index.js';
import { collectionName } from '../collection-name.js';
import { OTHER_ID_TYPES } from '../id-ranges.js';
import { pythonText } from '../python-text.js';
import type { BulkEdit, Pending, Query, Revision } from '../revision.js';
import { docsAt, isFilled, setDefault, stringAt } from '../shape.js';

const DATE_TIME = 'fiftyone.core.fields.DateTimeField';
const TIMES = ['created_at', 'last_modified_at'] as const;

const DOCUMENTS = [
  { fields: 'sample_fields', collection: 'sample_collection_name', rename: 'rename_sample_field' },
  { fields: 'frame_fields', collection: 'frame_collection_name', rename: 'rename_frame_field' },
] as const;

type FieldsKey = (typeof DOCUMENTS)[number]['fields'];

/** Samples and frames know when they were created and last changed; fields can be read-only. */
export const v1_0_0: Revision = {
  version: '1.0.0',
  summary: 'samples and frames know when they were created and last changed, and fields can be read-only',
  up: {
    blocked({ dataset }) {
      const name = pythonText(dataset.get('name'));
      const reasons = DOCUMENTS.flatMap(({ fields, rename }) =>
        schema(dataset, fields)
          .filter((field) => isTime(field) && field.get('ftype') !== DATE_TIME)
          .map((field) => {
            const [time, type] = [pythonText(field.get('name')), pythonText(field.get('ftype'))];
            return (
              `Cannot migrate dataset '${name}' to v1.0.0 because it has an existing '${time}' field of type ${type} != ${DATE_TIME}. ` +
              `Please rename or delete the field and try again, e.g. dataset.${rename}('${time}', 'my_${time}')`
            );
          }),
      );
      return reasons.length === 0 ? undefined : reasons.join('; ');
    },
    bulk({ dataset }, { now }) {
      return DOCUMENTS.flatMap(({ fields, collection }): BulkEdit[] => {
        const times = missingTimes(dataset, fields);
        if (times.length === 0 || !isFilled(dataset.get(collection))) return [];
        return [setTimes(collectionName(dataset, collection) as string, times, new Date(now.ms))];
      });
    },
    edit({ dataset }, { now }) {
      if ((dataset.get('last_modified_at') ?? null) === null) dataset.set('last_modified_at', date(now.ms));
      for (const { fields } of DOCUMENTS) {
        const missing = missingTimes(dataset, fields);
        for (const field of schema(dataset, fields)) {
          if (isTime(field)) field.set('read_only', true);
          else setDefault(field, 'read_only', false);
        }
        if (missing.length > 0) dataset.set(fields, [...schema(dataset, fields), ...missing.map(timeField)]);
      }
    },
  },
  down: {},
  pending(dataset) {
    return DOCUMENTS.flatMap(({ fields, collection }): Pending[] => {
      const name = dataset.get(collection);
      if (!isFilled(name)) return [];
      const declared = schema(dataset, fields).map((field) => field.get('name'));
      return TIMES.filter((time) => declared.includes(time)).map((time) => ({
        problem: `no date in ${time}`,
        collection: stringAt(name, collection),
        filter: { [time]: { $not: { $type: 'date' } } },
        mend: [{ $set: { [time]: time === 'created_at' ? { $toDate: '$_id' } : '$$NOW' } }],
      }));
    });
  },
};

function schema(dataset: ReadonlyDoc, fields: FieldsKey): Doc[] {
  const value = dataset.get(fields);
  return isFilled(value) ? docsAt(value, fields) : [];
}

function isTime(field: ReadonlyDoc): boolean {
  return (TIMES as readonly unknown[]).includes(field.get('name'));
}

/** The times that a schema lacks. One without any fields is left as it is. */
function missingTimes(dataset: ReadonlyDoc, fields: FieldsKey): string[] {
  const present = schema(dataset, fields).map((field) => field.get('name'));
  return present.length === 0 ? [] : TIMES.filter((time) => !present.includes(time));
}

function timeField(name: string): Doc {
  return Doc.of(
    ['name', name],
    ['ftype', DATE_TIME],
    ['embedded_doc_type', null],
    ['subfield', null],
    ['fields', []],
    ['db_field', name],
    ['description', null],
    ['info', null],
    ['read_only', true],
  );
}

function setTimes(collection: string, times: readonly string[], now: Date): BulkEdit {
  const values: Query = { created_at: { $toDate: '$_id' }, last_modified_at: now };
  const converted = { $convert: { input: '$_id', to: 'date', onError: false } };
  const hasCreation = times.includes('created_at');
  return {
    kind: 'update',
    summary: `set ${times.join(' and ')}`,
    collection,
    filter: {},
    pending: { $or: times.map((time) => ({ [time]: { $exists: false } })) },
    harmless: true,
    update: [{ $set: Object.fromEntries(times.map((time) => [time, values[time]])) }],
    refuses: hasCreation
      ? [
          {
            collection,
            filter: { _id: { $type: OTHER_ID_TYPES }, $expr: { $eq: [converted, false] } },
            problem: 'the _id tells no date of creation',
          },
        ]
      : [],
  };
}
