import { Double, deserialize, Int32, Long, ObjectId, serialize } from 'bson';
import { expect, test } from 'vitest';
import { decode, toEjson } from '../bson/index.js';
import { pathsIn, plain, reads, rebase } from './expression.js';
import { parseStage } from './stage.js';

function argument(json: string) {
  return parseStage(`{"_cls": "fiftyone.core.stages.Match", "kwargs": [["filter", ${json}]]}`).kwargs.value('filter');
}

/** What the driver sends. */
function sent(json: string): string {
  return toEjson(decode(serialize({ v: plain(argument(json)) })).get('v') ?? null);
}

test('arguments keep the types that Python gives them', () => {
  expect(plain(argument('1'))).toEqual(new Int32(1));
  expect(plain(argument('1.0'))).toEqual(new Double(1));
  expect(plain(argument('9177024629'))).toEqual(Long.fromString('9177024629'));
  expect(plain(argument('{"$oid": "0123456789abcdef01234567"}'))).toEqual(new ObjectId('0123456789abcdef01234567'));
  expect(sent('{"a": [1, 1.0, -0.0, 1e3, {"$numberDouble": "NaN"}]}')).toBe(
    '{"a":[{"$numberInt":"1"},{"$numberDouble":"1.0"},{"$numberDouble":"-0.0"},{"$numberDouble":"1000.0"},{"$numberDouble":"NaN"}]}',
  );
  expect(sent('{"$date": "2024-01-06T00:00:00Z"}')).toBe('{"$date":{"$numberLong":"1704499200000"}}');
  expect(sent('{"$date": {"$numberLong": "-1"}}')).toBe('{"$date":{"$numberLong":"-1"}}');
});

test('the order of keys is kept, also of those that look like numbers', () => {
  expect(sent('{"b": 1, "2": 2, "1": {"__proto__": 3, "a": 4}}')).toBe(
    '{"b":{"$numberInt":"1"},"2":{"$numberInt":"2"},"1":{"__proto__":{"$numberInt":"3"},"a":{"$numberInt":"4"}}}',
  );
});

test('patterns are regular expressions wherever they stand', () => {
  expect(sent('{"filepath": {"$regex": "/a/"}, "$or": [{"x": {"$in": [{"$regex": "b", "$options": "xi"}]}}]}')).toBe(
    '{"filepath":{"$regularExpression":{"pattern":"/a/","options":""}},"$or":[{"x":{"$in":[{"$regularExpression":{"pattern":"b","options":"ix"}}]}}]}',
  );
  expect(deserialize(serialize({ v: plain(argument('{"$regexMatch": {"regex": "a"}}')) })).v).toEqual({
    $regexMatch: { regex: 'a' },
  });
});

test('a path is read where it is a key of a filter or a field of an expression', () => {
  expect(reads(argument('{"frames.speed": 9}'), 'frames')).toBe(true);
  expect(reads(argument('{"$expr": {"$size": {"$ifNull": ["$frames", []]}}}'), 'frames')).toBe(true);
  expect(reads(argument('{"word": "frames", "framesets": "$framesets"}'), 'frames')).toBe(false);
  expect(pathsIn(argument('{"$expr": {"$eq": ["$groups.left.word", "$groups.right.word"]}}'), 'groups')).toEqual([
    'groups.left.word',
    'groups.right.word',
  ]);
});

test('the base of paths is changed, and nothing that only begins like it', () => {
  const filter = argument('{"$and": [{"$eq": ["$$FIELD.label", "$$FIELDS.label"]}, {"$gt": ["$$FIELD", null]}]}');
  expect(plain(rebase(filter, '$$FIELD', '$$this'))).toEqual({
    $and: [{ $eq: ['$$this.label', '$$FIELDS.label'] }, { $gt: ['$$this', null] }],
  });
});
