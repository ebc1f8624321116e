import { join } from 'node:path';
import { expect, test } from 'vitest';
import { localStore } from '../../src/media/local-store.js';
import type { MediaStore } from '../../src/media/store.js';
import { lookUp } from '../../src/media/transfer/look-up.js';
import { testFolder, writeFiles } from '../support/transfers.js';

/** What is found at keys of a folder with these files, the prefixes that were listed and how many keys were asked for. */
async function lookedUp(files: readonly string[], keys: readonly string[]) {
  const folder = await testFolder();
  await writeFiles(folder, Object.fromEntries(files.map((name) => [name, ''])));
  const store = localStore(folder);
  const [listed, found]: [string[], Set<string>] = [[], new Set()];
  let asked = 0;
  const counting: MediaStore = {
    ...store,
    list: async (prefix, options) => {
      if (options?.page === undefined) listed.push(prefix);
      return await store.list(prefix, options);
    },
    stat: async (key) => {
      asked++;
      return await store.stat(key);
    },
  };
  const wanted = new Set(keys);
  await lookUp(counting, {
    keys: () => keys,
    count: keys.length,
    isOpen: (key) => !found.has(key),
    found: async ({ key }) => {
      if (wanted.has(key)) found.add(key);
    },
  });
  return { found: [...found].sort(), listed: listed.sort(), asked };
}

const names = (count: number, start: string) => Array.from({ length: count }, (_, i) => `${start}${i}.png`);

test('few keys are asked for', async () => {
  const keys = names(19, 'a/');
  expect(await lookedUp(keys.slice(5), keys)).toEqual({ found: keys.slice(5).sort(), listed: [], asked: 19 });
});

test('keys of one folder are found by one list', async () => {
  const keys = names(400, 'a/b/');
  expect(await lookedUp([...keys.slice(5), 'other'], keys)).toEqual({ found: keys.slice(5).sort(), listed: ['a/b/'], asked: 0 });
});

test('keys of few folders are found by a list of each, not of what is beside them', async () => {
  const keys = ['train/', 'val/', 'test/x/'].flatMap((start) => names(150, `media/${start}`));
  const { found, listed, asked } = await lookedUp([...keys, ...names(50, 'media/other/')], keys);
  expect(found).toEqual([...keys].sort());
  expect(listed).toEqual(['media/test/', 'media/train/', 'media/val/']);
  expect(asked).toBe(0);
});

test('very many keys of one folder are found by lists of its parts', async () => {
  const keys = [...names(5000, 'm/image-'), 'm/image-ü.png', 'm/image-😀.png', 'm/image-😁.png'];
  const { found, listed, asked } = await lookedUp([...keys.slice(2), 'm/other.png'], keys);
  expect(found).toEqual(keys.slice(2).sort());
  expect(listed).toEqual([...'0123456789', 'ü', '😀', '😁'].map((part) => `m/image-${part}`).sort());
  expect(asked).toBe(0);
});

test('where a key is the beginning of all others there is one list', async () => {
  const keys = ['m/1', ...names(5000, 'm/1')];
  const { found, listed } = await lookedUp(keys, keys);
  expect(found).toHaveLength(5001);
  expect(listed).toEqual(['m/']);
});

test('what very much else is beside is asked for', async () => {
  const keys = names(40, 'm/wanted/');
  const folders = Array.from({ length: 30 }, (_, i) => join('m', `folder-${i}`, 'a.png'));
  // a page of a folder on the disk is one folder
  const { found, asked } = await lookedUp([...keys, ...folders], [...keys, 'm/folder-29/a.png']);
  expect(found).toHaveLength(41);
  expect(asked).toBe(41);
});
