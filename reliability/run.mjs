// `npm run reliability [-- NAME...] [-- --rounds N] [-- --seed N]`: what goes wrong goes wrong here, see docs/reliability.md.
import { runMain } from '../scripts/typescript.mjs';

await runMain('/reliability/main.ts');
