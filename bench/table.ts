import type { Benchmark, Target } from './benchmarks.js';
import type { Measurement } from './clients.js';

/** The two clients, one after the other at the same work. */
export interface Pair {
  readonly other: Measurement;
  readonly ours: Measurement;
  /** Seconds of what the server has to do at least. */
  readonly plain: number | undefined;
}

type Quantity = 'wall' | 'cpu' | 'memory';

/** A table in Markdown: two lines per benchmark, and how many times what ours takes the real client takes. */
export function table(results: readonly { benchmark: Benchmark; pairs: readonly Pair[] }[]): string {
  const rows = results.flatMap(({ benchmark, pairs }) => [
    [benchmark.title, benchmark.against?.name ?? 'real', ...cells(pairs.map((pair) => pair.other)), '', ''],
    [
      '',
      'ours',
      ...cells(pairs.map((pair) => pair.ours)),
      (['wall', 'cpu', 'memory'] as const).map((quantity) => `${ratio(pairs, quantity).toFixed(1)}×`).join(' / '),
      verdict(benchmark.target, pairs),
    ],
  ]);
  const head = ['benchmark', 'client', 'wall s', 'CPU s', 'peak MB', 'other / ours: wall / CPU / memory', 'target'];
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
}

/** Median (least–most) of wall time, CPU time and memory. */
function cells(runs: readonly Measurement[]): string[] {
  const seconds = (value: number) => value.toFixed(2);
  const megabytes = (value: number) => (value / 2 ** 20).toFixed(0);
  return [
    spread(
      runs.map((run) => run.wall),
      seconds,
    ),
    spread(
      runs.map((run) => run.cpu),
      seconds,
    ),
    spread(
      runs.map((run) => run.memory),
      megabytes,
    ),
  ];
}

function spread(values: readonly number[], text: (value: number) => string): string {
  return `${text(median(values))} (${text(Math.min(...values))}–${text(Math.max(...values))})`;
}

function ratio(pairs: readonly Pair[], quantity: Quantity): number {
  return median(pairs.map((pair) => pair.other[quantity] / pair.ours[quantity]));
}

function verdict(target: Target | undefined, pairs: readonly Pair[]): string {
  const { seconds, times, megabytes, timesMemory, timesPlain } = target ?? {};
  const ours = (quantity: Quantity) => median(pairs.map((pair) => pair.ours[quantity]));
  const verdicts: string[] = [];
  if (seconds !== undefined) verdicts.push(`≤ ${seconds} s wall: ${met(ours('wall') <= seconds)}`);
  if (times !== undefined) verdicts.push(`≥ ${times}× wall: ${met(ratio(pairs, 'wall') >= times)}`);
  if (megabytes !== undefined) verdicts.push(`≤ ${megabytes} MB: ${met(ours('memory') <= megabytes * 2 ** 20)}`);
  if (timesMemory !== undefined) verdicts.push(`≤ ${timesMemory}× memory: ${met(1 / ratio(pairs, 'memory') <= timesMemory)}`);
  if (timesPlain !== undefined) {
    const found = median(pairs.map((pair) => pair.ours.wall / (pair.plain ?? Number.NaN)));
    verdicts.push(`≤ ${timesPlain}× the plain way: ${found.toFixed(2)}×, ${met(found <= timesPlain)}`);
  }
  return verdicts.join('; ');
}

function met(yes: boolean): string {
  return yes ? 'met' : 'MISSED';
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] as number;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] as number)) / 2;
}
