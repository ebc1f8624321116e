// `npm run bench:migrator [-- --runs N]`: what fiftyone-migrator takes to look at 10,000 datasets, see docs/benchmarks.md.
import { runMain } from '../scripts/typescript.mjs';

await runMain('/bench/migrator.ts');
