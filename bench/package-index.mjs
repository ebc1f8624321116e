// `npm run bench:index [-- PROJECTS]`: pages of projects from our index, with a token, and from pypiserver, without any login.
import { runMain } from '../scripts/typescript.mjs';

await runMain('/bench/package-index.ts');
