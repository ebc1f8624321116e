import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { mapScenePaths } from '../formats/export/scene.js';
import { atOnce } from '../media/at-once.js';
import { pathBeside } from '../media/beside.js';
import type { MediaSettings } from '../media/media-settings.js';

/** How many scenes are read at once. */
const SCENES_AT_ONCE = 32;

/** Whether a path names a 3D scene, which names other files. */
export function isScene(path: string): boolean {
  const file = /^https?:\/\//i.test(path) ? path.replace(/[?#].*$/s, '') : path;
  return extname(file).toLowerCase() === '.fo3d';
}

/**
 * The files that the scenes among these files name, each once.
 *
 * @param localPath where a file is on this machine; scenes that are not there name nothing
 */
export async function sceneAssets(
  paths: readonly string[],
  localPath: (path: string) => string,
  settings: MediaSettings,
): Promise<string[]> {
  const found = new Set<string>();
  await atOnce(paths.filter(isScene), SCENES_AT_ONCE, async (scene) => {
    const text = await readFile(localPath(scene), 'utf8').catch(() => '');
    for (const path of namedIn(text)) {
      const asset = pathBeside(scene, path, settings);
      if (asset !== undefined) found.add(asset);
    }
  });
  return [...found];
}

/** The paths in the text of a scene; none if it is no scene. */
export function namedIn(text: string): string[] {
  const found: string[] = [];
  try {
    mapScenePaths(text, (path) => {
      found.push(path);
      return path;
    });
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return found;
}
