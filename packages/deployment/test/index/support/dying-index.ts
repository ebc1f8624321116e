import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface IndexProcess {
  readonly url: string;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
}

/** An index in a process of its own, of what was built. */
export async function indexProcess(uri: string, database: string, folder: string, token: string): Promise<IndexProcess> {
  const program = fileURLToPath(new URL('index-process.mjs', import.meta.url));
  const child: ChildProcess = fork(program, [uri, database, folder, token], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    execArgv: [],
  });
  const [port] = (await Promise.race([once(child, 'message'), once(child, 'exit').then(() => [undefined])])) as [
    number | undefined,
  ];
  if (port === undefined) throw new Error('the index did not start');
  const kill = async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill('SIGKILL');
    await once(child, 'exit');
  };
  return { url: `http://127.0.0.1:${port}`, kill };
}
