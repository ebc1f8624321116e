import { Presets, SingleBar } from 'cli-progress';
import type { MigrationEvent } from '../migrations/report.js';
import { digits } from './numbers.js';
import type { Progress } from './progress.js';

/** A bar with an ETA on a terminal. */
export function progressBar(stream: NodeJS.WriteStream, noun: string): Progress {
  const format = ` {percentage}% |{bar}| {finished}/{datasets} ${noun}s [{duration_formatted} elapsed, {eta_formatted} remaining] {what}`;
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
      show(`${event.name}: ${event.edit}, ${digits(event.done)} of ${digits(event.total)}`);
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
