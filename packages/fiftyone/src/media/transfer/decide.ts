import { atOnce } from '../at-once.js';
import { holdsContent } from '../checksum.js';
import { type MediaStore, pathIn, type StoredObject } from '../store.js';
import { StoreError } from '../store-error.js';
import { State } from './file-table.js';
import { LONGEST_KEY } from './key-for.js';
import { lookUpRows } from './look-up-rows.js';
import { LISTED, type Planning } from './planning.js';
import { rowsByPath } from './rows-by-path.js';
import { isAbout, shownPath } from './shown-path.js';
import type { Sources } from './sources.js';
import { stopIfAsked } from './stop.js';
import type { Collision } from './transfer-plan.js';

/** How many keys with several files are decided about at once, which reads these files. */
const AT_ONCE = 8;

/** So many files are named in a collision. */
const NAMED = 5;

/** Collisions: all counted, the first ones listed. */
export interface Collisions {
  count: number;
  readonly listed: Collision[];
}

/** What is at the key of each row: 1 something, and 1 the content of the row. */
interface Keys {
  readonly seen: Uint8Array;
  readonly same: Uint8Array;
}

/** Decides what becomes of open rows: looks what is at their keys, and which of them want the same one. */
export async function decide(
  planning: Planning,
  sources: Sources,
  collisions: Collisions,
  isMine: (row: number) => boolean,
): Promise<void> {
  const { files, places, options } = planning;
  const keys: Keys = { seen: new Uint8Array(files.length), same: new Uint8Array(files.length) };
  const target = (row: number) => places.normal(files.to(row));
  await lookUpTargets(planning, sources, keys, files.rows(State.open, isMine));
  const { firsts, rowsOf } = rowsByPath(files.rows(State.open, isMine), target, files.length);
  await atOnce(firsts, AT_ONCE, async (first) => {
    stopIfAsked(options.signal);
    const rows = rowsOf(target(first));
    const contents = rows.length === 1 ? [rows] : await byContent(planning, sources, rows);
    await decideKey(planning, sources, collisions, contents, keys);
  });
  await decideRenamed(planning, sources, keys, isMine);
}

async function lookUpTargets(planning: Planning, sources: Sources, { seen, same }: Keys, rows: Iterable<number>): Promise<void> {
  const { files, places, options } = planning;
  const found = async (row: number, object: StoredObject, store: MediaStore) => {
    if (options.overwrite) files.setVersion(row, object.version);
    if (object.size !== files.size(row)) return;
    const source = files.from(row);
    try {
      const isItself = places.normal(source) === pathIn(store, object.key);
      same[row] = isItself || (await holdsContent(store, object, await sources.content(row))) ? 1 : 0;
    } catch (error) {
      // without the store there is nothing to do, without one file there are others
      if (!(error instanceof StoreError) || !isAbout(error, places.normal(source))) throw error;
      planning.fail(row, error);
    }
  };
  await lookUpRows(planning, { rows, pathOf: (row) => files.to(row), seen, found });
}

/** Rows with one target, by what they hold; what cannot be read is left out. */
async function byContent({ files }: Planning, sources: Sources, rows: readonly number[]): Promise<number[][]> {
  const sizes = new Map<number, number>();
  for (const row of rows) sizes.set(files.size(row), (sizes.get(files.size(row)) ?? 0) + 1);
  const contents = new Map<string, number[]>();
  for (const row of rows) {
    const size = files.size(row);
    const isAlone = sizes.get(size) === 1;
    const checksum = isAlone ? 'any' : await sources.checksum(row);
    if (checksum === undefined) continue;
    const name = `${size} ${checksum}`;
    const others = contents.get(name);
    others ? others.push(row) : contents.set(name, [row]);
  }
  return [...contents.values()];
}

/** @param contents the rows that want the key, by content */
async function decideKey(
  planning: Planning,
  sources: Sources,
  collisions: Collisions,
  contents: readonly (readonly number[])[],
  { seen, same }: Keys,
): Promise<void> {
  const { files, options } = planning;
  const { onCollision = 'refuse', overwrite = false, listed = LISTED } = options;
  const first = contents[0]?.[0];
  if (first === undefined) return;
  const isThere = seen[first] === 1;
  const there = contents.find((rows) => rows.some((row) => same[row] === 1));
  const isTaken = isThere && there === undefined;
  if (contents.length === 1 && (!isTaken || overwrite)) {
    return takeKey(planning, contents[0] as number[], there ? State.there : isThere ? State.replace : State.send);
  }
  collisions.count++;
  if (collisions.listed.length < listed) {
    const from = contents.slice(0, NAMED).map(([row]) => shownPath(files.from(row as number)));
    collisions.listed.push({ to: files.to(first), from, isTaken });
  }
  const keeper = there ?? (onCollision === 'rename' && (!isThere || overwrite) ? contents[0] : undefined);
  for (const rows of contents) {
    if (rows === keeper) takeKey(planning, rows, there ? State.there : isThere ? State.replace : State.send);
    else if (onCollision === 'rename') await renameTo(planning, sources, rows);
    else for (const row of rows) files.decide(row, onCollision === 'skip' ? State.skip : State.collide);
  }
}

/** Of rows with one content the first is sent for all. */
function takeKey({ files }: Planning, rows: readonly number[], state: number): void {
  const [first = 0, ...twins] = rows;
  files.decide(first, state);
  for (const row of twins) {
    files.decide(row, State.there);
    if (state !== State.there) files.setTwin(row, first);
  }
}

/** A new name says what the content is: it is the same in every run, in every order, and on every machine. */
async function renameTo(planning: Planning, sources: Sources, rows: readonly number[]): Promise<void> {
  const { files, places } = planning;
  const [first = 0] = rows;
  const checksum = await sources.checksum(first);
  if (checksum === undefined) {
    for (const row of rows) files.fail(row, files.reason(first) as string);
    return;
  }
  const wanted = files.to(first);
  const name = wanted.slice(wanted.lastIndexOf('/') + 1);
  const [, stem, end = ''] = /^(.+?)(\.[^.]*)?$/s.exec(name) ?? [];
  for (const row of rows) {
    files.rename(row, `${stem}-${checksum.slice(0, 12)}${end}`);
    files.setVersion(row, undefined);
  }
  takeKey(planning, rows, State.rename);
  if (Buffer.byteLength(places.at(files.to(first)).key) <= LONGEST_KEY) return;
  for (const row of rows) planning.fail(row, new StoreError(wanted, 'refused', 'another name for it would be too long'));
}

/** What is at a new name is the same content, or in the way. */
async function decideRenamed(
  planning: Planning,
  sources: Sources,
  { seen, same }: Keys,
  isMine: (row: number) => boolean,
): Promise<void> {
  const { files } = planning;
  const renamed = [...files.rows(State.rename, isMine)];
  for (const row of renamed) [seen[row], same[row]] = [0, 0];
  await lookUpTargets(planning, sources, { seen, same }, renamed);
  for (const row of renamed) {
    if (files.state(row) !== State.rename || seen[row] === 0) continue;
    if (same[row] === 1) files.decide(row, State.there);
    else
      planning.fail(row, new StoreError(files.to(row), 'taken', `which was to be the new name of ${shownPath(files.from(row))}`));
  }
}
