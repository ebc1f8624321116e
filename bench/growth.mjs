// `npm run bench:growth [-- SAMPLES...]`: ours alone, at 20,000, 200,000 and 1,000,000 samples, to see what grows.
import { runMain } from '../scripts/typescript.mjs';

await runMain('/bench/growth.ts');
