#!/usr/bin/env node
console.error('fiftyone-migrator: the command is not there yet');
process.exitCode = 1;
