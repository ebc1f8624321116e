#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';

// Node 20 optimises functions so early that a run of seconds spends a quarter of its CPU time on that; later versions have a
// compiler in between, and a flag that they do not know would be told on stderr
if (process.versions.node.startsWith('20.')) setFlagsFromString('--interrupt-budget=1000000');

const { main } = await import('../dist/cli/main.js');

// the SDK of S3, if it is used, would warn on stderr of a Node that we support
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

process.exitCode = await main(process.argv.slice(2));
