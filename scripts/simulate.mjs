// `npm run simulate [-- --schedules N] [--seed N]`: schedules of the coordinator on a fake clock and a fake server, see docs/reliability.md.
import { runMain } from './typescript.mjs';

await runMain('/packages/fiftyone/test/simulator/main.ts');
