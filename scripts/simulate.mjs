// `npm run simulate [-- --schedules N] [--seed N]`: schedules of the coordinator on a fake clock and a fake server, see docs/reliability.md.
import { createServer } from 'vite';
import { makeReady } from './workspace.mjs';

const problem = makeReady();
if (problem) {
  console.error(`\n${problem}`);
  process.exitCode = 1;
} else {
  const server = { middlewareMode: true, hmr: false, ws: false, watch: null };
  const modules = await createServer({
    ...{ configFile: false, logLevel: 'error', appType: 'custom', server },
    optimizeDeps: { noDiscovery: true },
  });
  try {
    const { main } = await modules.ssrLoadModule('/packages/fiftyone/test/simulator/main.ts');
    process.exitCode = await main(process.argv.slice(2));
  } finally {
    await modules.close();
  }
}
