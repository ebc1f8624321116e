// `npm run bench:backup [-- SAMPLES]`: backups and restores beside the least that a server has to do for them.
import { runMain } from '../scripts/typescript.mjs';

await runMain('/bench/backups.ts');
