import { Presets, SingleBar } from 'cli-progress';
import type { MigrationEvent } from '../migrations/report.js';

/** Shows what a run does, until it ends. */
export interface Progress {
  tell(event: MigrationEvent): void;
  end(): void;
}

/** A bar with an ETA on a terminal, a line per dataset elsewhere; with `--json` nothing. */
export function showProgress(stream: NodeJS.WriteStream, { json, verbose }: { json?: boolean; verbose?: boolean }): Progress {
  if (json) return { tell: () => {}, end: () => {} };
  if (!stream.isTTY || verbose)
    return { tell: (event) => lines(event, verbose === true, (line) => stream.write(`${line}\n`)), end: () => {} };
  const format =
    ' {percentage}% |{bar}| {value}/{total} datasets [{duration_formatted} elapsed, {eta_formatted} remaining] {name}';
  const bar = new SingleBar({ stream, format, clearOnComplete: true }, Presets.shades_classic);
  return {
    tell: (event) => {
      if (event.kind === 'begin' && event.total > 0) bar.start(event.total, 0, { name: '' });
      if (event.kind === 'done') bar.increment(1, { name: event.outcome.name ?? '' });
    },
    end: () => bar.stop(),
  };
}

function lines(event: MigrationEvent, verbose: boolean, write: (line: string) => void): void {
  if (event.kind === 'dataset') write(`Migrating dataset '${event.name}' to v${event.to}`);
  if (event.kind === 'waiting')
    write(`Waiting for dataset '${event.name}': ${event.holder.user} on ${event.holder.host} is at work on it`);
  if (event.kind === 'step' && verbose) write(`Running ${event.step} on dataset '${event.name}'`);
  if (event.kind === 'done') for (const warning of event.outcome.warnings) write(`note: ${warning}`);
}
