import { defineConfig } from 'vitest/config';

/** Tests of one package share the sources of another with its own tests. */
const source = (file: string) => new URL(`packages/fiftyone/src/${file}`, import.meta.url).pathname;
const alias = [
  { find: /^fiftyone$/, replacement: source('index.ts') },
  { find: /^fiftyone\/media$/, replacement: source('media/index.ts') },
  { find: /^fiftyone\/(engine|backup|cli-start|cli-support)$/, replacement: source('$1.ts') },
];

export default defineConfig({
  test: {
    // tests that wait for a server leave a core idle, and the default is one worker less than cores
    maxWorkers: '100%',
    projects: [
      // how long a test takes says how busy the machine is, not whether the code is right
      { resolve: { alias }, test: { name: 'unit', include: ['packages/*/src/**/*.test.ts'], testTimeout: 60_000 } },
      {
        resolve: { alias },
        test: {
          name: 'server',
          include: ['packages/*/test/**/*.test.ts'],
          globalSetup: ['packages/fiftyone/test/support/global-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // the SDK of S3 warns of Node 20, which is what we promise
          env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
        },
      },
    ],
  },
});
