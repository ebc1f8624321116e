import { Presets, SingleBar } from 'cli-progress';
import type { OnProgress } from '../datasets/progress.js';

/** Shows how far one long operation after the other got, until `end`. */
export interface OperationProgress {
  readonly tell: OnProgress;
  end(): void;
}

/** How often a line tells how far it got, where there is no terminal. */
const LINE_MS = 10_000;

const TOTAL =
  ' {percentage}% |{bar}| {value}/{total} {unit} [{duration_formatted} elapsed, {eta_formatted} remaining] {what} {detail}';
const NO_TOTAL = ' {value} {unit} [{duration_formatted} elapsed] {what} {detail}';

/** A bar with an ETA on a terminal, lines elsewhere; nothing with `--json` or when the settings say so. */
export function operationProgress(
  stream: NodeJS.WriteStream,
  { json, show = true }: { json?: boolean | undefined; show?: boolean },
): OperationProgress {
  if (json || !show) return { tell: () => {}, end: () => {} };
  return stream.isTTY ? bars(stream) : lines((line) => stream.write(`${line}\n`));
}

function bars(stream: NodeJS.WriteStream): OperationProgress {
  let bar: SingleBar | undefined;
  let current: string | undefined;
  const end = () => {
    bar?.stop();
    bar = undefined;
  };
  const tell: OnProgress = ({ what, done, total, unit, detail = '' }) => {
    if (what !== current || !bar) {
      end();
      current = what;
      const format = total === undefined ? NO_TOTAL : TOTAL;
      bar = new SingleBar({ stream, format, etaBuffer: 50, hideCursor: true }, Presets.shades_classic);
      bar.start(total ?? 0, 0, { what, unit, detail });
    }
    bar.update(done, { what, unit, detail });
  };
  return { tell, end };
}

function lines(write: (line: string) => void): OperationProgress {
  let current: string | undefined;
  let told = 0;
  const tell: OnProgress = ({ what, done, total, unit, detail }) => {
    if (what !== current) {
      current = what;
      told = performance.now();
      write(`${what}...`);
    }
    if (performance.now() - told < LINE_MS) return;
    told = performance.now();
    const of = total === undefined ? '' : ` of ${total.toLocaleString('en-US')}`;
    write(`${what}: ${done.toLocaleString('en-US')}${of} ${unit}${detail === undefined ? '' : ` (${detail})`}`);
  };
  return { tell, end: () => {} };
}
