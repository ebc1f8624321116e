import { ExitCode, FiftyOneError, hintForServer } from '../errors.js';

/** Says on stderr what went wrong and what to do. @returns the exit code */
export function printError(error: unknown): number {
  if (error instanceof FiftyOneError) {
    process.stderr.write(`error: ${error.message}\n${error.hint === undefined ? '' : `  ${error.hint}\n`}`);
    return error.exitCode;
  }
  const fault = error as Error & { code?: unknown };
  if (fault.name?.startsWith('Mongo')) {
    process.stderr.write(`error: ${fault.message.slice(0, 300)}\n  ${hintFor(fault)}\n`);
    return ExitCode.failed;
  }
  process.stderr.write(`error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return ExitCode.failed;
}

/** What to do about an error of the server or of the way to it. */
function hintFor(error: Error & { code?: unknown }): string {
  if (error.code === 13) return 'the database user may not do this: check the user and its roles in FIFTYONE_DATABASE_URI';
  return hintForServer(error) ?? 'nothing is half-done: the same command does what is left';
}
