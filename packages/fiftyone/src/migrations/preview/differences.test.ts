import { expect, test } from 'vitest';
import { parseEjsonDoc, toEjson } from '../../bson/index.js';
import { differencesOf } from './differences.js';

function lines(before: string, after: string): string[] {
  return differencesOf(parseEjsonDoc(before), parseEjsonDoc(after)).map(({ path, kind, ...values }) =>
    [
      kind,
      path,
      ...('before' in values ? [toEjson(values.before ?? null)] : []),
      ...('after' in values ? [toEjson(values.after ?? null)] : []),
    ].join(' '),
  );
}

test.each([
  ['the same', '{"a":1}', '{"a":1}', []],
  [
    'keys that come, go and change',
    '{"a":"x","b":true,"c":null}',
    '{"a":"y","c":null,"d":[]}',
    ['changed a "x" "y"', 'removed b true', 'added d []'],
  ],
  ['deeper', '{"a":{"b":{"c":"x"}}}', '{"a":{"b":{"c":"y"}}}', ['changed a.b.c "x" "y"']],
  ['another type of the same number', '{"a":1}', '{"a":1.0}', ['changed a {"$numberInt":"1"} {"$numberDouble":"1.0"}']],
  ['null that becomes a document', '{"a":null}', '{"a":{}}', ['changed a null {}']],
  ['null is not the same as missing', '{"a":null}', '{}', ['removed a null']],
  ['lists by number', '{"a":["x","y"]}', '{"a":["x","z","y"]}', ['changed a[1] "y" "z"', 'added a[2] "y"']],
  [
    'lists of documents with names by name',
    '{"f":[{"name":"x","t":true},{"name":"y"}]}',
    '{"f":[{"name":"z"},{"name":"x","t":false}]}',
    ['changed f[x].t true false', 'removed f[y] {"name":"y"}', 'added f[z] {"name":"z"}'],
  ],
  ['names that are not unique', '{"f":[{"name":"x"},{"name":"x"}]}', '{"f":[{"name":"x"}]}', ['removed f[1] {"name":"x"}']],
  ['another order', '{"a":true,"b":true}', '{"b":true,"a":true}', ['reordered ']],
  [
    'odd keys',
    '{"1":true,"__proto__":true,"":true}',
    '{"1":false}',
    ['changed 1 true false', 'removed __proto__ true', 'removed  true'],
  ],
])('%s', (_, before, after, expected) => {
  expect(lines(before, after)).toEqual(expected);
});
