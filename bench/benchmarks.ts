import type { Snapshot } from '../packages/fiftyone/test/support/snapshot.js';
import { manyCompleteDatasets, manyDatasets } from './databases.js';

/** Work that both clients do. */
export interface Benchmark {
  readonly name: string;
  readonly title: string;
  /** What follows `fiftyone` on the command line. */
  readonly args: readonly string[];
  /** What the database holds; it need not exist if there is none. */
  readonly database?: () => Promise<Snapshot>;
  /** Whether the database has to be filled anew before every run. */
  readonly writes?: boolean;
  /** The version that all datasets must have afterwards. */
  readonly migratesTo?: string;
  /** Whether both must print the same. */
  readonly sameOutput?: boolean;
  readonly target?: Target;
}

/** What ours is to reach: at most so many seconds, or at least so many times as fast as the real client. */
export type Target = { readonly seconds: number } | { readonly times: number };

export const benchmarks: readonly Benchmark[] = [
  { name: 'version', title: '`fiftyone --version`', args: ['--version'], target: { seconds: 0.15 } },
  {
    name: 'info-25',
    title: '`fiftyone migrate --info`, 25 datasets',
    args: ['migrate', '--info'],
    database: () => manyDatasets('databases/1.22.1-main', 25),
    sameOutput: true,
    target: { times: 8 },
  },
  {
    name: 'info-1000',
    title: '`fiftyone migrate --info`, 1,000 datasets',
    args: ['migrate', '--info'],
    database: () => manyDatasets('databases/1.22.1-main', 1000),
    sameOutput: true,
    target: { times: 8 },
  },
  {
    name: 'all-100',
    title: '`fiftyone migrate --all`, 100 small datasets from 0.14.3 to 1.22.1',
    args: ['migrate', '--all'],
    database: () => manyCompleteDatasets('databases/0.14.3-main', 100),
    writes: true,
    migratesTo: '1.22.1',
  },
];
