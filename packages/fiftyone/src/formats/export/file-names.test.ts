import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FileNames } from './file-names.js';

test.each([
  [
    ['/a/x.png', '/b/x.png', '/a/x.png', '/c/x.png'],
    ['x.png', 'x-2.png', 'x.png', 'x-3.png'],
  ],
  [
    ['/a/x.tar.gz', '/b/x.tar.gz'],
    ['x.tar.gz', 'x.tar-2.gz'],
  ],
  [
    ['/a/.hidden', '/b/.hidden', '/a/none', '/b/none'],
    ['.hidden', '.hidden-2', 'none', 'none-2'],
  ],
  [
    ['/a/per%20cent.png', '/a/x.png?size=1', '/a/a?b.png'],
    ['per-20cent.png', 'x.png', 'a?b.png'],
  ],
  [
    ['/a/x.png', '/a/x.png?1'],
    ['x.png', 'x-2.png'],
  ],
])('names of %j', (paths, names) => {
  const files = new FileNames({ chunkName: 'data' });
  expect(paths.map((path) => files.of(path))).toEqual(names);
});

test('so many files per folder', () => {
  const files = new FileNames({ chunkName: 'data', chunkSize: 2 });
  const paths = ['/a/x.png', '/b/x.png', '/a/x.png', '/c/x.png'];
  expect(paths.map((path) => files.of(path))).toEqual(['data_0/x.png', 'data_0/x-2.png', 'data_0/x.png', 'data_1/x-3.png']);
});

test('below a folder the paths are kept, and others go beside them', () => {
  const files = new FileNames({ chunkName: 'data', relDir: '/m', chunkSize: 1 });
  const paths = ['/m/a/x.png', '/m/x.png', '/other/x.png', '/m', '/mm/y.png'];
  expect(paths.map((path) => files.of(path))).toEqual(['a/x.png', 'x.png', 'x-2.png', 'm', 'y.png']);
});

test('whatever the paths are, every file has a name of its own, and always the same', () => {
  const part = fc.constantFrom('a', 'a-2', 'a-2-2', 'a-3', 'b%', 'a?', '.a', 'a.');
  const path = fc
    .tuple(part, part, fc.constantFrom('', '.png', '.png?x'))
    .map(([folder, name, end]) => `/${folder}/${name}${end}`);
  const options = fc.record({
    relDir: fc.constantFrom(undefined, '/a'),
    chunkSize: fc.constantFrom(undefined, 1, 3),
    chunkName: fc.constant('data'),
  });
  fc.assert(
    fc.property(fc.array(path), options, (paths, options) => {
      const files = new FileNames(options);
      const names = paths.map((path) => files.of(path));
      expect(new Set(names).size).toBe(new Set(paths).size);
      expect(paths.map((path) => files.of(path))).toEqual(names);
    }),
    { numRuns: 500 },
  );
});

test('whatever the keys of a store are, their files fit beside each other on a disk', () => {
  const part = fc.constantFrom(
    'a',
    'a-2',
    'a.png',
    'a-2.png',
    '',
    '.',
    '..',
    'ü'.repeat(125),
    `${'x'.repeat(250)}.png`,
    'b%',
    'a?.png',
  );
  const path = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => `s3://b/${parts.join('/')}`);
  const options = fc.record({
    relDir: fc.constantFrom(undefined, 's3://b', 's3://b/a', '/a'),
    chunkSize: fc.constantFrom(undefined, 2),
    chunkName: fc.constant('data'),
  });
  fc.assert(
    fc.property(fc.array(path), options, (paths, options) => {
      const files = new FileNames(options);
      const names = new Set(paths.map((path) => files.of(path)));
      expect(names.size).toBe(new Set(paths).size);
      for (const name of names) {
        const parts = name.split('/');
        for (const part of parts) {
          expect(['', '.', '..']).not.toContain(part);
          expect(Buffer.byteLength(part)).toBeLessThanOrEqual(255);
        }
        for (let i = 1; i < parts.length; i++) expect(names.has(parts.slice(0, i).join('/'))).toBe(false);
      }
    }),
    { numRuns: 1000 },
  );
});
