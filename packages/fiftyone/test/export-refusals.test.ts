import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { UsageError } from '../src/errors.js';
import { exportDataset } from '../src/formats/export/export-dataset.js';
import type { ExportOptions } from '../src/formats/export/export-options.js';
import { makeFile, mediaDataset } from './support/media-dataset.js';
import { temporaryFolder } from './support/recorded-export.js';

test.each([
  [{ exportDir: 'a\0b' }, '"a\\u0000b" is no path of a file'],
  [{ exportDir: 'x', relDir: 5 }, 'the option relDir of export must be text, not 5'],
])('paths that cannot be are refused: %j', async (options, message) => {
  const { dataset } = await mediaDataset({ samples: [] });
  const error = await exportDataset(dataset, options as unknown as ExportOptions).catch((error) => error);
  expect(error).toBeInstanceOf(UsageError);
  expect(error.message).toBe(message);
});

test('a file is no folder, and a folder is no archive', async () => {
  const folder = await temporaryFolder();
  const file = await makeFile(join(folder, 'file'), 'mine');
  await makeFile(join(folder, 'a.zip/notes.txt'));
  const { dataset } = await mediaDataset({ samples: [] });
  await expect(exportDataset(dataset, { exportDir: file })).rejects.toThrow(`${file} is a file`);
  const archive = exportDataset(dataset, { exportDir: join(folder, 'a.zip'), overwrite: true });
  await expect(archive).rejects.toThrow('a.zip is a folder');
  expect((await readdir(folder, { recursive: true })).sort()).toEqual(['a.zip', 'a.zip/notes.txt', 'file']);
});

test('where no folder can be made the error says that nothing was written, and not that the same command would do', async () => {
  const file = await makeFile(join(await temporaryFolder(), 'file'));
  const { dataset } = await mediaDataset({ samples: [] });
  for (const exportDir of [join(file, 'below'), '/proc/export']) {
    const error = await exportDataset(dataset, { exportDir }).catch((error) => error);
    expect(error.message).toContain(`the export into ${exportDir} ended`);
    expect(error.hint).toBe('nothing was written: choose a folder that can be made and written to');
  }
});
