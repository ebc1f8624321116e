import { expect, test } from 'vitest';
import { tokenIn } from './credentials.js';

const basic = (text: string) => `Basic ${Buffer.from(text).toString('base64')}`;

test.each([
  [basic('TOKEN:'), 'TOKEN'],
  [basic('TOKEN:x'), 'TOKEN'],
  [basic('TOKEN'), 'TOKEN'],
  [basic('__token__:TOKEN'), 'TOKEN'],
  [basic('__token__:a:b'), 'a:b'],
  ['Bearer TOKEN', 'TOKEN'],
  ['bearer TOKEN ', 'TOKEN'],
  [basic(':'), undefined],
  [basic('__token__:'), undefined],
  ['Basic', undefined],
  ['Digest x', undefined],
  [undefined, undefined],
])('%s holds %s', (header, token) => {
  expect(tokenIn(header)).toBe(token);
});
