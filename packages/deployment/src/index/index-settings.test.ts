import { expect, test } from 'vitest';
import { modeOf, readIndexSettings } from './index-settings.js';

test('all but our own names is fetched from where pip itself looks, if that is told, and otherwise refused', () => {
  const { upstream, npmUpstream, ownNames } = readIndexSettings({ PIP_INDEX_URL: 'https://mirror.example/simple/' });
  expect(ownNames).toEqual(['fiftyone', 'fiftyone-migrator']);
  expect(upstream?.url.href).toBe('https://mirror.example/simple/');
  expect(modeOf(upstream?.rules ?? [], 'numpy')).toBe('proxy');
  expect(npmUpstream).toBeUndefined();
  expect(readIndexSettings({}).upstream).toBeUndefined();
  expect(readIndexSettings({ PIP_INDEX_URL: 'https://x/', FIFTYONE_INDEX_UPSTREAM: 'none' }).upstream).toBeUndefined();
});

test('the files of another upstream are on its own host only, unless it is said', () => {
  expect(readIndexSettings({ FIFTYONE_INDEX_UPSTREAM: 'https://mirror.example/simple' }).upstream).toMatchObject({
    fileHosts: [],
    url: new URL('https://mirror.example/simple/'),
  });
});

test('the first rule that fits counts, and what fits none is refused', () => {
  const rules =
    readIndexSettings({ PIP_INDEX_URL: 'https://x/', FIFTYONE_INDEX_RULES: 'torch*=redirect, torch=refuse,a.b=proxy' }).upstream
      ?.rules ?? [];
  expect(['torch', 'torchvision', 'a.b', 'axb', 'other'].map((name) => modeOf(rules, name))).toEqual([
    'redirect',
    'redirect',
    'proxy',
    'refuse',
    'refuse',
  ]);
});

test('all mistakes are told at once, without the login of an address', () => {
  const bad = {
    FIFTYONE_INDEX_UPSTREAM: 'ftp://user:secret@x',
    FIFTYONE_INDEX_RULES: 'a=b',
    FIFTYONE_INDEX_NAMES: '!',
    FIFTYONE_INDEX_BAD_TOKENS: 'many',
    FIFTYONE_INDEX_BASE: '/a b',
    FIFTYONE_INDEX_URL: 'https://x/y',
  };
  try {
    readIndexSettings(bad);
    expect.unreachable();
  } catch (error) {
    const text = (error as Error).message;
    for (const key of Object.keys(bad)) expect(text).toContain(key);
    expect(text).not.toContain('secret');
  }
});
