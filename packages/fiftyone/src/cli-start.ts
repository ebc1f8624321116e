/** What a command of another package needs before it knows what to do: nothing that takes time to load. */
export { runProgram } from './cli/run-program.js';
export { ExitCode, FiftyOneError, UsageError } from './errors.js';
export { sdkVersion } from './version.js';
