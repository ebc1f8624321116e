import { expect, test } from 'vitest';
import { parseFileName } from './file-name.js';

test.each([
  ['fiftyone-1.22.1-py3-none-any.whl', { kind: 'wheel', project: 'fiftyone', version: '1.22.1' }],
  [
    'FiftyOne_DB-1.0rc1-2-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl',
    { kind: 'wheel', project: 'fiftyone-db', version: '1.0rc1' },
  ],
  ['a.b-1!2.0.post1+local.1-py3-none-any.whl', { kind: 'wheel', project: 'a-b', version: '1!2.0.post1+local.1' }],
  ['fiftyone-migrator-2.0.tar.gz', { kind: 'sdist', project: 'fiftyone-migrator', version: '2.0' }],
])('%s is a distribution', (name, meaning) => {
  expect(parseFileName(name)).toEqual(meaning);
});

test.each([
  ...[
    '../fiftyone-1.0-py3-none-any.whl',
    'a/b-1.0-py3-none-any.whl',
    'a\\b-1.0-py3-none-any.whl',
    'fiftyone-1.0-py3-none-any.whl\n',
  ],
  ...[
    'fiftyone-1.0-py3-none-any.whl\0.whl',
    'fiftyone-x-py3-none-any.whl',
    '..-1.0-py3-none-any.whl',
    'fiftyone.whl',
    '',
    '.tar.gz',
  ],
  ...['fiftyone-1.0.zip', 'fiftyone-1.0-py3-none-any.whl.exe', `${'a'.repeat(300)}-1.0-py3-none-any.whl`],
])('%j is none', (name) => {
  expect(parseFileName(name)).toBeUndefined();
});
