import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Db } from 'mongodb';
import { Doc, type ReadonlyDoc } from '../../bson/index.js';
import { toResultsFile } from '../../bson/python-json.js';
import { FiftyOneError } from '../../errors.js';
import { readFile } from '../../migrations/results-file.js';
import { RUN_FOLDERS } from '../layout.js';

/**
 * Writes the results of the runs that an export's metadata have.
 *
 * @returns which results cannot be read, and so are left out
 */
export async function writeResults(db: Db, metadata: ReadonlyDoc, folder: string): Promise<string[]> {
  const unreadable: string[] = [];
  for (const [kind, name] of RUN_FOLDERS) {
    const runs = metadata.get(kind);
    for (const [key, run] of runs instanceof Doc ? runs : []) {
      const id = run instanceof Doc ? run.get('results') : undefined;
      if (id === undefined) continue;
      if (/[/\\]|^\.*$/.test(key)) throw new FiftyOneError(`${kind} has the key '${key}', which cannot be the name of a file`);
      const text = await readFile(db, id);
      const results = text === undefined ? undefined : resultsText(text);
      if (results === undefined) {
        unreadable.push(`the results of ${kind}.${key} are missing or broken in the database, and are not in the export`);
        continue;
      }
      await mkdir(join(folder, name), { recursive: true });
      await writeFile(join(folder, name, `${key}.json`), results);
    }
  }
  return unreadable;
}

/** The text of a file of results, or undefined for what is no JSON. */
function resultsText(stored: string): string | undefined {
  try {
    return toResultsFile(stored);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
