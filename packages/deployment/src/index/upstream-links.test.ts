import { expect, test } from 'vitest';
import { linksOfHtml, linksOfJson } from './upstream-links.js';

const PAGE = new URL('https://index.example/simple/dep/');

test('links of HTML are read with all that PEP 503, 592 and 658 put on them', () => {
  const hash = 'a'.repeat(64);
  const html = `<a data-requires-python="&gt;=3.9" data-yanked="broken" data-core-metadata='sha256=${hash}' href="../../f/dep-1.0.whl#sha256=${hash}">dep-1.0.whl</a>
    <A HREF='https://files.example/x.whl' data-dist-info-metadata="true" data-yanked>x.whl</A>`;
  expect(linksOfHtml(html, PAGE)).toEqual([
    {
      name: 'dep-1.0.whl',
      url: 'https://index.example/f/dep-1.0.whl',
      hashes: { sha256: hash },
      requiresPython: '>=3.9',
      yanked: 'broken',
      metadata: { sha256: hash },
    },
    { name: 'x.whl', url: 'https://files.example/x.whl', hashes: {}, yanked: '', metadata: {} },
  ]);
});

test('links of JSON are read', () => {
  const hash = 'b'.repeat(64);
  const file = {
    filename: 'x.whl',
    url: '/x.whl',
    hashes: { sha256: hash, evil: '"><script>' },
    size: 3,
    yanked: false,
    'core-metadata': { sha256: hash },
    'upload-time': '2026-01-01T00:00:00Z',
  };
  expect(linksOfJson(JSON.stringify({ files: [file] }), PAGE)).toEqual([
    {
      name: 'x.whl',
      url: 'https://index.example/x.whl',
      hashes: { sha256: hash },
      size: 3,
      metadata: { sha256: hash },
      uploaded: '2026-01-01T00:00:00Z',
    },
  ]);
});

test.each(['../x.whl', '..', 'a/b.whl', 'a\\b.whl', 'a\r\nSet-Cookie: x.whl', '', 'x'.repeat(300)])(
  'a file called %j is left out',
  (name) => {
    expect(linksOfJson(JSON.stringify({ files: [{ filename: name, url: '/x', hashes: {} }] }), PAGE)).toEqual([]);
  },
);
