// Runs TypeScript as it is, for benchmarks and for what shows how reliable we are.

/** A loader of modules of the workspace, e.g. `/bench/main.ts`. Whoever makes it closes it. */
export async function loadTypeScript() {
  const { createServer } = await import('vite');
  const server = { middlewareMode: true, hmr: false, ws: false, watch: null };
  return createServer({ configFile: false, logLevel: 'error', appType: 'custom', server, optimizeDeps: { noDiscovery: true } });
}
