// `npm run bench:upload [-- --runs N] [-- --files N] [-- --kilobytes N]`: uploads to S3, s5cmd and boto3 and ours at the same work.
import { runMain } from '../scripts/typescript.mjs';

await runMain('/bench/upload.ts');
