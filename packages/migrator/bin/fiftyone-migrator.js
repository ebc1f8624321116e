#!/usr/bin/env node
import { setFlagsFromString } from 'node:v8';

// as in the command fiftyone: Node 20 optimises functions too early
if (process.versions.node.startsWith('20.')) setFlagsFromString('--interrupt-budget=1000000');

const { main } = await import('../dist/cli/main.js');

process.exitCode = await main(process.argv.slice(2));
