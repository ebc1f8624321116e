import { StoreError } from '../store-error.js';
import { LONGEST_KEY } from './key-for.js';
import { LISTED, type Planning } from './planning.js';
import { readText } from './read-text.js';
import { isScene, type SceneFile, sceneFiles } from './scene-files.js';
import { shownPath } from './shown-path.js';
import { stopIfAsked } from './stop.js';
import type { WantedFile, WantedFiles } from './transfer-options.js';

/** Makes a row for every different file that is wanted, and for those that scenes name. */
export async function collectFiles(planning: Planning, wanted: WantedFiles, report: () => void): Promise<void> {
  const { files, places, refused, options } = planning;

  function refuse(from: string, { message }: Error): void {
    refused.count++;
    if (refused.listed.length < (options.listed ?? LISTED)) refused.listed.push({ from: shownPath(from), reason: message });
  }

  async function add(from: string, to: string): Promise<{ readonly row: number; readonly isNew: boolean }> {
    const { key } = await places.learn(to);
    const before = files.length;
    const row = files.add(from, to);
    if (row === before && Buffer.byteLength(key) > LONGEST_KEY) {
      planning.fail(row, new StoreError(shownPath(from), 'refused', `its key would be longer than ${LONGEST_KEY} bytes`));
    }
    return { row, isNew: row === before };
  }

  async function addScene(row: number, { from, relDir }: WantedFile): Promise<void> {
    if (relDir !== undefined) planning.relDirs.set(row, relDir);
    const text = await readText(places.at(from)).catch(planning.failBy(row));
    if (text === undefined) return;
    for (const file of namedFiles(planning, row, text).values()) {
      const error = await places.learnSource(file.from);
      if (error === undefined) await add(file.from, file.to);
      else planning.fail(row, new StoreError(shownPath(from), 'refused', error.message));
    }
  }

  for await (const batch of wanted()) {
    stopIfAsked(options.signal);
    for (const file of batch) {
      const error = 'refused' in file ? file.refused : await places.learnSource(file.from);
      if (error !== undefined) refuse(file.from, error);
      if (error !== undefined || 'refused' in file) continue;
      const { row, isNew } = await add(file.from, file.to);
      if (isNew && isScene(file.from)) await addScene(row, file);
    }
    report();
  }
}

/** The files that a scene with this text names, by their paths in it. */
export function namedFiles({ files, relDirs }: Planning, row: number, text: string): Map<string, SceneFile> {
  return sceneFiles(text, { from: files.from(row), to: files.wanted(row), relDir: relDirs.get(row) });
}
