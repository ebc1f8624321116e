import type { Benchmark, Target } from './benchmarks.js';
import type { Measurement } from './clients.js';

/** The two clients, one after the other at the same work. */
export interface Pair {
  readonly real: Measurement;
  readonly ours: Measurement;
}

type Quantity = 'wall' | 'cpu' | 'memory';

/** A table in Markdown: two lines per benchmark, and how many times what ours takes the real client takes. */
export function table(results: readonly { benchmark: Benchmark; pairs: readonly Pair[] }[]): string {
  const rows = results.flatMap(({ benchmark, pairs }) => [
    [benchmark.title, 'real', ...cells(pairs.map((pair) => pair.real)), '', ''],
    [
      '',
      'ours',
      ...cells(pairs.map((pair) => pair.ours)),
      (['wall', 'cpu', 'memory'] as const).map((quantity) => `${ratio(pairs, quantity).toFixed(1)}×`).join(' / '),
      verdict(benchmark.target, pairs),
    ],
  ]);
  const head = ['benchmark', 'client', 'wall s', 'CPU s', 'peak MB', 'real / ours: wall / CPU / memory', 'target'];
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
  return median(pairs.map((pair) => pair.real[quantity] / pair.ours[quantity]));
}

function verdict(target: Target | undefined, pairs: readonly Pair[]): string {
  if (target === undefined) return '';
  if ('times' in target) return `≥ ${target.times}× wall: ${met(ratio(pairs, 'wall') >= target.times)}`;
  return `≤ ${target.seconds} s wall: ${met(median(pairs.map((pair) => pair.ours.wall)) <= target.seconds)}`;
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
