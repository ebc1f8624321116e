import { atOnce } from '../at-once.js';
import type { OpenStore } from '../open-stores.js';
import type { MediaStore } from '../store.js';
import { StoreError } from '../store-error.js';
import { checkWriting } from './check-writing.js';
import { ChecksumMemory } from './checksum-memory.js';
import { collectFiles, namedFiles } from './collect-files.js';
import { type Collisions, decide } from './decide.js';
import { FileTable, State } from './file-table.js';
import { Places } from './places.js';
import { LISTED, type Planning } from './planning.js';
import { readText } from './read-text.js';
import { isScene } from './scene-files.js';
import { shownPath } from './shown-path.js';
import { lookAtSources, type Sources } from './sources.js';
import type { TransferOptions, WantedFiles } from './transfer-options.js';
import type { Amount, TransferPlan, TransferSummary } from './transfer-plan.js';

/** How many scenes are read at once. */
const SCENES_AT_ONCE = 8;

/**
 * Finds out what a transfer would do: which files there are, what is at their keys already, which keys two files want, and
 * whether the store may be written to. Nothing is written.
 *
 * @throws StoreError `no bucket` or `denied` by the store it goes to; StoppedError
 */
export async function planTransfer(open: OpenStore, wanted: WantedFiles, options: TransferOptions = {}): Promise<TransferPlan> {
  const planning = newPlanning(open, options);
  const { files, memory, refused } = planning;
  const collisions: Collisions = { count: 0, listed: [] };
  const report = (done: number) => {
    const totals = { totalFiles: files.length, totalBytes: undefined };
    options.onProgress?.({ step: 'plan', files: done, bytes: 0, ...totals, sentBytes: 0 });
  };
  try {
    await collectFiles(planning, wanted, () => report(0));
    const sources = await lookAtSources(planning, report);
    await decide(planning, sources, collisions, (row) => !isScene(files.from(row)));
    await describeScenes(planning, sources);
    await decide(planning, sources, collisions, (row) => isScene(files.from(row)));
    await checkTargets(planning);
  } finally {
    await memory.save();
  }
  return { files, refused: refused.count, summary: summaryOf(planning, collisions) };
}

function newPlanning(open: OpenStore, options: TransferOptions): Planning {
  const files = new FileTable();
  const fail = (row: number, error: StoreError) => files.fail(row, error.message);
  return {
    ...{ files, places: new Places(open), memory: new ChecksumMemory(options.memory), options, fail },
    relDirs: new Map(),
    refused: { count: 0, listed: [] },
    failBy: (row) => (error) => {
      if (!(error instanceof StoreError)) throw error;
      fail(row, error);
      return undefined;
    },
  };
}

/** What scenes will be is known once it is known where their files go. */
async function describeScenes(planning: Planning, sources: Sources): Promise<void> {
  const { files, places } = planning;
  await atOnce(files.rows(State.open), SCENES_AT_ONCE, async (row) => {
    try {
      const text = await readText(places.at(files.from(row)));
      for (const { from, to } of namedFiles(planning, row, text).values()) {
        const file = files.find(from, to) as number;
        const state = files.state(file);
        if (state === State.fail)
          return files.fail(row, `${shownPath(files.from(row))}: a file of the scene: ${files.reason(file)}`);
        if (state === State.skip || state === State.collide) return files.decide(row, State.skip);
      }
      files.describe(row, (await sources.scene(row)).length, files.modified(row));
    } catch (error) {
      planning.failBy(row)(error);
    }
  });
}

/** Whether the stores that get files may be written to. */
async function checkTargets({ files, places }: Planning): Promise<void> {
  const checked = new Set<MediaStore>();
  for (const state of [State.send, State.replace, State.rename]) {
    for (const row of files.rows(state)) {
      const { store, key } = places.at(files.to(row));
      if (checked.has(store)) continue;
      checked.add(store);
      await checkWriting(store, key.slice(0, key.lastIndexOf('/') + 1));
    }
  }
}

function summaryOf({ files, refused, options }: Planning, collisions: Collisions): TransferSummary {
  const failures = [...refused.listed];
  const amounts = Object.values(State).map(() => ({ files: 0, bytes: 0 }));
  let objects = 0;
  for (let row = 0; row < files.length; row++) {
    const state = files.state(row);
    const amount = amounts[state] as { files: number; bytes: number };
    amount.files++;
    amount.bytes += files.size(row);
    if (state <= State.there && files.twin(row) === undefined) objects++;
    if (state === State.fail && failures.length < (options.listed ?? LISTED)) {
      failures.push({ from: shownPath(files.from(row)), reason: files.reason(row) as string });
    }
  }
  const of = (state: number) => amounts[state] as Amount;
  return {
    ...{ files: files.length, objects, send: of(State.send), replace: of(State.replace), rename: of(State.rename) },
    ...{ there: of(State.there), skip: of(State.skip) },
    collisions: { count: collisions.count, listed: collisions.listed },
    failures: { count: of(State.fail).files + refused.count, listed: failures },
  };
}
