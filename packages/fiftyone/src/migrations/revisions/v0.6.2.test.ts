import { expect, test } from 'vitest';
import { parseEjsonDoc } from '../../bson/index.js';
import { v0_6_2 } from './v0.6.2.js';

const OLD = '"name": "d", "sample_collection_name": "samples.d", "persistent": true, "info": {}, "frame_fields": []';

function blocked(rest: string): string | undefined {
  return v0_6_2.up.blocked?.({ dataset: parseEjsonDoc(`{${OLD}, ${rest}}`), runs: [], views: [] });
}

test('a dataset without a version that looks like one of 0.6.0 may go up', () => {
  expect(blocked('"sample_fields": [{"name": "media_type", "ftype": "fiftyone.core.fields.StringField"}]')).toBeUndefined();
  expect(
    blocked('"media_type": "video", "sample_fields": [{"name": "frames", "ftype": "fiftyone.core.fields.FramesField"}]'),
  ).toBeUndefined();
});

test('a dataset without a version that looks newer is refused, with what shows it', () => {
  expect(blocked('"evaluations": {}, "slug": "d", "sample_fields": [{"name": "gt", "db_field": "gt"}]')).toBe(
    'carries no version but looks newer than 0.6.2: it has slug, it has evaluations, its fields have db_field',
  );
  expect(blocked('"sample_fields": [{"name": "_media_type"}]')).toContain('it has a field _media_type');
  expect(blocked('"sample_fields": [{"name": "frames", "embedded_doc_type": "fiftyone.core.labels._Frames"}]')).toContain(
    'its field frames is a summary',
  );
});

test('what an old version says of itself is not believed either', () => {
  expect(blocked('"version": "0.6.1", "evaluations": {}, "sample_fields": []')).toBe(
    'says that it is older but looks newer than 0.6.2: it has evaluations',
  );
});
