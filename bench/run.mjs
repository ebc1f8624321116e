// `npm run bench [-- --runs N] [-- NAME...]`: the real Python client and ours at the same work, see docs/benchmarks.md.
import { spawnSync } from 'node:child_process';
import { runMain } from '../scripts/typescript.mjs';

await runMain('/bench/main.ts', installRealClient);

function installRealClient() {
  const { status } = spawnSync('tools/real/install.sh', ['1.22.1'], { stdio: 'inherit' });
  return status === 0 ? undefined : 'the real client could not be installed';
}
