import type { MigrationEvent } from '../migrations/report.js';
import { digits } from './numbers.js';

/** Shows what a run does, until it ends. */
export interface Progress {
  tell(event: MigrationEvent): void;
  end(): void;
}

/** How often a line tells how far an edit got, where there is no terminal. */
const LINE_MS = 10_000;

/** A bar with an ETA on a terminal, lines elsewhere; with `--json` nothing. */
export async function showProgress(
  stream: NodeJS.WriteStream,
  { json, verbose, noun = 'dataset' }: { json?: boolean; verbose?: boolean; noun?: string },
): Promise<Progress> {
  if (json) return { tell: () => {}, end: () => {} };
  // its library takes its time to load
  if (stream.isTTY && !verbose) return (await import('./progress-bar.js')).progressBar(stream, noun);
  return lines(verbose === true, noun, (text) => stream.write(text));
}

function lines(verbose: boolean, noun: string, print: (text: string) => void): Progress {
  let waiting = '';
  const flush = () => {
    if (waiting !== '') print(waiting);
    waiting = '';
  };
  // thousands of datasets come at once, and a write for each takes its time
  const write = (line: string) => {
    if (waiting === '') setTimeout(flush, 20).unref();
    waiting += `${line}\n`;
  };
  const told = new Map<string, number>();
  const tell = (event: MigrationEvent): void => {
    if (event.kind === 'dataset') write(`Migrating ${noun} '${event.name}' to v${event.to}`);
    if (event.kind === 'waiting')
      write(`Waiting for ${noun} '${event.name}': ${event.holder.user} on ${event.holder.host} is at work on it`);
    if (event.kind === 'step' && verbose) write(`Running ${event.step} on ${noun} '${event.name}'`);
    if (event.kind === 'paused')
      write(event.by === undefined ? 'Going on' : `Paused by ${event.by}; go on with: fiftyone migrate --resume`);
    if (event.kind === 'progress' && performance.now() - (told.get(event.name) ?? begun) >= LINE_MS) {
      told.set(event.name, performance.now());
      write(`${event.name}: ${event.edit}: ${digits(event.done)} of ${digits(event.total)}`);
    }
    if (event.kind === 'done') for (const warning of event.outcome.warnings) write(`note: ${warning}`);
  };
  const begun = performance.now();
  return { tell, end: flush };
}
