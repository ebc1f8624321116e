import { expect, test } from 'vitest';
import { parseEjsonDoc } from '../../bson/index.js';
import type { DatasetRecord } from '../revision.js';
import { v1_0_0 } from './v1.0.0.js';

const DATE_TIME = 'fiftyone.core.fields.DateTimeField';

function record(dataset: object): DatasetRecord {
  return { dataset: parseEjsonDoc(JSON.stringify({ name: 'ds', ...dataset })), runs: [], views: [] };
}

test('every field that is in the way is named, with the call that renames it', () => {
  const blocked = v1_0_0.up.blocked?.(
    record({
      sample_fields: [
        { name: 'created_at', ftype: 'fiftyone.core.fields.DateField' },
        { name: 'last_modified_at', ftype: DATE_TIME },
      ],
      frame_fields: [{ name: 'last_modified_at' }],
    }),
  );
  expect(blocked).toBe(
    "Cannot migrate dataset 'ds' to v1.0.0 because it has an existing 'created_at' field of type fiftyone.core.fields.DateField" +
      " != fiftyone.core.fields.DateTimeField. Please rename or delete the field and try again, e.g. dataset.rename_sample_field('created_at', 'my_created_at'); " +
      "Cannot migrate dataset 'ds' to v1.0.0 because it has an existing 'last_modified_at' field of type None" +
      " != fiftyone.core.fields.DateTimeField. Please rename or delete the field and try again, e.g. dataset.rename_frame_field('last_modified_at', 'my_last_modified_at')",
  );
});

test('only times that the schema lacks are written to samples', () => {
  const [edit, ...others] =
    v1_0_0.up.bulk?.(
      record({
        sample_fields: [{ name: 'created_at', ftype: DATE_TIME }],
        sample_collection_name: 'samples.a',
        frame_fields: [],
        frame_collection_name: 'frames.samples.a',
      }),
      { now: { ms: 5, micros: 0 } } as never,
    ) ?? [];
  expect(others).toEqual([]);
  expect(edit).toMatchObject({ collection: 'samples.a', update: [{ $set: { last_modified_at: new Date(5) } }], refuses: [] });
});
