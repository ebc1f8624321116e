import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { FileTable, State } from './file-table.js';

describe('a table of files', () => {
  test('gives back what was put in, and knows a pair again', () => {
    const files = new FileTable();
    const pairs = Array.from({ length: 5000 }, (_, i) => [`/data/${i % 7}/ü ${i}.png`, `s3://bucket/${i % 3}/${i}.png`] as const);
    for (const [i, [from, to]] of pairs.entries()) {
      expect(files.add(from, to)).toBe(i);
      files.describe(i, i * 2 ** 33, 1700000000000.125 + i);
      if (i % 2 === 1) files.decide(i, State.there);
    }
    for (const [i, [from, to]] of pairs.entries()) {
      expect(files.add(from, to)).toBe(i);
      expect([files.from(i), files.wanted(i), files.to(i)]).toEqual([from, to, to]);
      expect([files.size(i), files.modified(i)]).toEqual([i * 2 ** 33, 1700000000000.125 + i]);
      expect(files.find(from, `${to}x`)).toBeUndefined();
      expect(files.find(to, from)).toBeUndefined();
    }
    expect(files.length).toBe(5000);
    expect([...files.rows(State.there)].slice(0, 3)).toEqual([1, 3, 5]);
  });

  test('keeps new names, versions, twins and reasons', () => {
    const files = new FileTable();
    const [a, b] = [files.add('/x/a.png', 's3://b/a.png'), files.add('/y/a.png', 's3://b/a.png')];
    files.rename(b, 'a-2.png');
    files.setVersion(a, '"etag"');
    files.setTwin(b, a);
    expect([files.to(a), files.to(b), files.wanted(b)]).toEqual(['s3://b/a.png', 's3://b/a-2.png', 's3://b/a.png']);
    expect([files.version(a), files.version(b), files.twin(a), files.twin(b)]).toEqual(['"etag"', undefined, undefined, a]);
    files.fail(a, '/x/a.png: not found');
    expect([files.state(a), files.reason(a), files.reason(b)]).toEqual([State.fail, '/x/a.png: not found', undefined]);
    files.fail(b, 'why');
    expect([files.version(a), files.reason(b)]).toEqual([undefined, 'why']);
    expect(files.find('/y/a.png', 's3://b/a.png')).toBe(b);
  });

  test('takes names that are longer than any text it keeps', () => {
    const files = new FileTable();
    const url = `https://host/a?${'x'.repeat(100_000)}`;
    const row = files.add(url, 's3://b/a');
    expect(files.from(row)).toBe(url);
    expect(files.find(url, 's3://b/a')).toBe(row);
  });

  test('needs little more memory for each file than its names', () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const files = new FileTable();
    collect();
    const before = process.memoryUsage();
    for (let i = 0; i < 200_000; i++) files.add(`/data/images/${i}.jpg`, `s3://bucket/media/images/${i}.jpg`);
    collect();
    const after = process.memoryUsage();
    const used = after.heapUsed + after.external - before.heapUsed - before.external;
    expect(used / 200_000).toBeLessThan(150);
    expect(files.from(123_456)).toBe('/data/images/123456.jpg');
  });
});
