// Runs TypeScript as it is, for benchmarks and for what shows how reliable we are.
import { makeReady } from './workspace.mjs';

/**
 * Runs `main` of a module of the workspace, e.g. `/bench/main.ts`, with the arguments of the command. It returns the exit code.
 *
 * @param ready makes ready what else is needed, and returns what went wrong if anything did
 */
export async function runMain(path, ready = () => undefined) {
  const problem = makeReady() ?? ready();
  if (problem) {
    console.error(`\n${problem}`);
    process.exitCode = 1;
    return;
  }
  const modules = await loadTypeScript();
  try {
    const { main } = await modules.ssrLoadModule(path);
    process.exitCode = await main(process.argv.slice(2));
  } finally {
    await modules.close();
  }
}

/** A loader of modules of the workspace, e.g. `/bench/main.ts`. Whoever makes it closes it. */
async function loadTypeScript() {
  const { createServer } = await import('vite');
  const server = { middlewareMode: true, hmr: false, ws: false, watch: null };
  return createServer({ configFile: false, logLevel: 'error', appType: 'custom', server, optimizeDeps: { noDiscovery: true } });
}
