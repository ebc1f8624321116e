import { type Command, CommanderError } from 'commander';
import { ExitCode } from '../errors.js';
import { printError } from './print-error.js';

/**
 * Runs a command line. Only here are errors turned into exit codes.
 *
 * @param build makes the commands, which tell the exit code of what they did
 * @returns the exit code
 */
export async function runProgram(build: (exit: (code: number) => void) => Command, args: readonly string[]): Promise<number> {
  let code: number = ExitCode.done;
  // whoever reads our output may stop reading: the work goes on
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  try {
    await build((result) => {
      code = result;
    }).parseAsync([...args], { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? ExitCode.done : ExitCode.usage;
    return printError(error);
  }
}
