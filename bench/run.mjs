// `npm run bench [-- --runs N] [-- NAME...]`: the real Python client and ours at the same work, see docs/benchmarks.md.
import { spawnSync } from 'node:child_process';
import { loadTypeScript } from '../scripts/typescript.mjs';
import { makeReady } from '../scripts/workspace.mjs';

const problem = makeReady() ?? installRealClient();
if (problem) {
  console.error(`\n${problem}`);
  process.exitCode = 1;
} else {
  const modules = await loadTypeScript();
  try {
    const { main } = await modules.ssrLoadModule('/bench/main.ts');
    process.exitCode = await main(process.argv.slice(2));
  } finally {
    await modules.close();
  }
}

function installRealClient() {
  const { status } = spawnSync('tools/real/install.sh', ['1.22.1'], { stdio: 'inherit' });
  return status === 0 ? undefined : 'the real client could not be installed';
}
