// `npm run bench [-- --runs N] [-- NAME...]`: the real Python client and ours at the same work, see docs/benchmarks.md.
import { spawnSync } from 'node:child_process';
import { createServer } from 'vite';
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

function loadTypeScript() {
  const server = { middlewareMode: true, hmr: false, ws: false, watch: null };
  return createServer({ configFile: false, logLevel: 'error', appType: 'custom', server, optimizeDeps: { noDiscovery: true } });
}

function installRealClient() {
  const { status } = spawnSync('tools/real/install.sh', ['1.22.1'], { stdio: 'inherit' });
  return status === 0 ? undefined : 'the real client could not be installed';
}
