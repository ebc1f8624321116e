import { Presets, SingleBar } from 'cli-progress';
import type { MigrationEvent } from '../migrations/report.js';

/** Shows what a run does, until it ends. */
export interface Progress {
  tell(event: MigrationEvent): void;
  end(): void;
}

/** How often a line tells how far an edit got, where there is no terminal. */
const LINE_MS = 10_000;

/** A bar with an ETA on a terminal, lines elsewhere; with `--json` nothing. */
export function showProgress(stream: NodeJS.WriteStream, { json, verbose }: { json?: boolean; verbose?: boolean }): Progress {
  if (json) return { tell: () => {}, end: () => {} };
  return stream.isTTY && !verbose ? bar(stream) : lines(verbose === true, (line) => stream.write(`${line}\n`));
}

function bar(stream: NodeJS.WriteStream): Progress {
  const format =
    ' {percentage}% |{bar}| {finished}/{datasets} datasets [{duration_formatted} elapsed, {eta_formatted} remaining] {what}';
  const bar = new SingleBar({ stream, format, clearOnComplete: true, etaBuffer: 50 }, Presets.shades_classic);
  // datasets that are under way count as far as they got, so that a single large one has an ETA too
  const under = new Map<string, number>();
  let [finished, datasets] = [0, 0];
  const notes: string[] = [];
  const show = (what: string) => {
    const value = finished + [...under.values()].reduce((sum, part) => sum + part, 0);
    bar.update(value, { finished, datasets, what });
  };
  const tell = (event: MigrationEvent): void => {
    if (event.kind === 'begin' && event.total > 0) {
      datasets = event.total;
      bar.start(datasets, 0, { finished, datasets, what: '' });
    }
    if (event.kind === 'progress') {
      under.set(event.name, (event.edits + event.done / Math.max(event.total, 1)) / event.of);
      show(`${event.name}: ${event.edit}, ${count(event.done)} of ${count(event.total)}`);
    }
    if (event.kind === 'paused') show(event.by === undefined ? '' : `paused by ${event.by}`);
    if (event.kind === 'waiting') show(`${event.name}: ${event.holder.user} on ${event.holder.host} is at work on it`);
    if (event.kind === 'done') {
      finished++;
      notes.push(...event.outcome.warnings);
      under.delete(event.outcome.renamedFrom ?? event.outcome.name ?? '');
      show(event.outcome.name ?? '');
    }
  };
  const end = () => {
    bar.stop();
    for (const note of notes) stream.write(`note: ${note}\n`);
  };
  return { tell, end };
}

function lines(verbose: boolean, write: (line: string) => void): Progress {
  const told = new Map<string, number>();
  const tell = (event: MigrationEvent): void => {
    if (event.kind === 'dataset') write(`Migrating dataset '${event.name}' to v${event.to}`);
    if (event.kind === 'waiting')
      write(`Waiting for dataset '${event.name}': ${event.holder.user} on ${event.holder.host} is at work on it`);
    if (event.kind === 'step' && verbose) write(`Running ${event.step} on dataset '${event.name}'`);
    if (event.kind === 'paused')
      write(event.by === undefined ? 'Going on' : `Paused by ${event.by}; go on with: fiftyone migrate --resume`);
    if (event.kind === 'progress' && performance.now() - (told.get(event.name) ?? begun) >= LINE_MS) {
      told.set(event.name, performance.now());
      write(`${event.name}: ${event.edit}: ${count(event.done)} of ${count(event.total)}`);
    }
    if (event.kind === 'done') for (const warning of event.outcome.warnings) write(`note: ${warning}`);
  };
  const begun = performance.now();
  return { tell, end: () => {} };
}

function count(n: number): string {
  return n.toLocaleString('en-US');
}
