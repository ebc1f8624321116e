import { expect, test } from 'vitest';
import { installLines } from './install-lines.js';

test('the first line has no other index than this one', () => {
  const lines = installLines({ url: 'https://pypi.example.com/', token: 'fo_secret', version: '2.25.1' });
  expect(lines.pip).toBe('pip install --index-url https://fo_secret@pypi.example.com --upgrade fiftyone');
  expect(lines.pipVersion).toBe('pip install --index-url https://fo_secret@pypi.example.com fiftyone==2.25.1');
  expect(lines.npm).toBe(
    'npm install fiftyone --registry https://pypi.example.com/npm/ --//pypi.example.com/npm/:_authToken=fo_secret',
  );
  expect(lines.besideOthers.danger).toContain('highest version');
});

test.each([
  [{ url: 'https://x.example; rm -rf /' }],
  [{ token: 'a b' }],
  [{ token: '$(id)' }],
  [{ token: 'a@evil.example' }],
  [{ version: '1; id' }],
])('nothing that a shell would run gets into a line: %j', (bad) => {
  expect(() => installLines({ url: 'https://x.example', token: 't', version: '1.0', ...bad })).toThrow();
});
