import { execFile } from 'node:child_process';

/** What a program printed. @throws Error with the last line it printed on stderr, if it failed or did not end in time */
export function runProgram(path: string, args: readonly string[], timeoutSeconds = 20): Promise<string> {
  return new Promise((resolve, reject) => {
    const options = { timeout: timeoutSeconds * 1000, maxBuffer: 2 ** 24 };
    const child = execFile(path, args, options, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const late = error.killed ? `no answer within ${timeoutSeconds} s` : undefined;
      reject(new Error(late ?? (stderr.trim().split('\n').at(-1) || error.message), { cause: error }));
    });
    child.stdin?.end();
  });
}
