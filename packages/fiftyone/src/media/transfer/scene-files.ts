import { posix } from 'node:path';
import { mapScenePaths } from '../../formats/export/scene.js';
import { md5 } from '../checksum.js';

/** A 3D scene that goes to a store. */
export interface Scene {
  readonly from: string;
  readonly to: string;
  /** The folder below which paths are kept. Default: that of the scene */
  readonly relDir?: string | undefined;
}

/** A file that a scene names. */
export interface SceneFile {
  readonly from: string;
  readonly to: string;
}

const SCENE = /\.fo3d$/i;
const REMOTE = /^[a-z][a-z0-9+.-]+:\/\//i;

export function isScene(path: string): boolean {
  return SCENE.test(path);
}

/**
 * The files that a scene names, by the paths in its text. What is in the folder of the scene, or in `relDir`, keeps its place beside
 * the scene; what is elsewhere gets one in `assets/`. What is in a store already stays.
 */
export function sceneFiles(text: string, scene: Scene): Map<string, SceneFile> {
  const files = new Map<string, SceneFile>();
  const folder = posix.dirname(slashed(scene.from));
  const target = scene.to.slice(0, scene.to.lastIndexOf('/') + 1);
  const inside = [folder, ...(scene.relDir === undefined ? [] : [slashed(scene.relDir).replace(/\/+$/, '')])];
  mapPaths(text, (written) => {
    if (REMOTE.test(written) || files.has(written)) return written;
    const path = slashed(written);
    const from = joined(folder, path);
    const isInside = inside.some((one) => from.startsWith(`${one}/`));
    files.set(written, { from, to: isInside ? targetOf(target, folder, from) : placeFor(target, path) });
    return written;
  });
  return files;
}

/** The text of a scene whose files are at these places. @param place where a path of the text leads to; undefined: it stays */
export function sceneText(text: string, to: string, place: (written: string) => string | undefined): string {
  const folder = split(to.slice(0, to.lastIndexOf('/')));
  const mapped = mapPaths(text, (written) => {
    const target = place(written);
    if (target === undefined) return written;
    const path = posix.relative(`/${folder.path}`, `/${split(target).path}`);
    return posix.normalize(slashed(written)) === path ? written : path;
  });
  return mapped ?? text;
}

/** A text that is no scene names no files. */
function mapPaths(text: string, map: (path: string) => string): string | undefined {
  try {
    return mapScenePaths(text, map);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function targetOf(target: string, folder: string, from: string): string {
  const inside = posix.relative(`/${split(folder).path}`, `/${split(from).path}`);
  return joined(target, inside);
}

/** The same for the same path in any copy of the scene; files of one folder stay together, as they may name each other. */
function placeFor(target: string, written: string): string {
  const path = posix.normalize(written);
  return `${target}assets/${md5(Buffer.from(posix.dirname(path))).slice(0, 8)}/${posix.basename(path)}`;
}

/** A path of a store is joined after what names the store. */
function joined(folder: string, path: string): string {
  if (posix.isAbsolute(path)) return posix.normalize(path);
  const { start, path: below } = split(folder);
  return start === '' ? posix.join(below, path) : `${start}${posix.join('/', below, path).slice(1)}`;
}

function split(path: string): { readonly start: string; readonly path: string } {
  const [start = ''] = REMOTE.exec(path) ?? [];
  return { start, path: path.slice(start.length) };
}

function slashed(path: string): string {
  return process.platform === 'win32' ? path.replaceAll('\\', '/') : path;
}
