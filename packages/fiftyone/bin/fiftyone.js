#!/usr/bin/env node
import { main } from '../dist/cli/main.js';

// the SDK of S3, if it is used, would warn on stderr of a Node that we support
process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= 'true';

process.exitCode = await main(process.argv.slice(2));
