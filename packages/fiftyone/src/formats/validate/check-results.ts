import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Doc } from '../../bson/index.js';
import { rewritePythonJson } from '../../bson/python-json.js';
import type { ExportFolder } from '../import/export-folder.js';
import { RUN_FOLDERS } from '../import/run-kinds.js';
import type { Problems } from './export-problem.js';

/** Looks whether the results of runs are there and can be read. */
export async function checkResults({ path, metadata, results }: ExportFolder, problems: Problems): Promise<void> {
  for (const [kind, folder] of RUN_FOLDERS) {
    const runs = metadata.get(kind);
    const named = runs instanceof Doc ? runs : new Doc();
    const files = results.get(kind) ?? new Set();
    for (const [key, run] of named) {
      const has = run instanceof Doc && (run.get('results') ?? null) !== null;
      if (has && !files.has(key)) problems.add('warning', `${folder}/${key}.json`, 'the results of this run are missing');
    }
    for (const key of files) {
      const file = `${folder}/${key}.json`;
      if (!named.has(key)) problems.add('note', file, 'metadata.json has no such run: these results are not imported');
      await checkText(path, file, problems);
    }
  }
}

async function checkText(path: string, file: string, problems: Problems): Promise<void> {
  try {
    rewritePythonJson(await readFile(join(path, file), 'utf8'));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const at = /at character (\d+)/.exec(error.message)?.[1];
    problems.add('error', file, error.message, at === undefined ? {} : { byte: Number(at) });
  }
}
