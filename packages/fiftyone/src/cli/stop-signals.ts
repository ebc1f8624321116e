import { ExitCode } from '../errors.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Turns the first ctrl-C, or another signal that ends a process, into a request to stop; the second one ends it at once. */
export function stopSignals(tell: (line: string) => void): { readonly signal: AbortSignal; end(): void } {
  const controller = new AbortController();
  const stop = (name: NodeJS.Signals) => {
    if (controller.signal.aborted) process.exit(ExitCode.stopped);
    tell('Stopping after the part that is under way; once more stops at once');
    controller.abort(name === 'SIGINT' ? 'ctrl-C' : name);
  };
  for (const name of SIGNALS) process.on(name, stop);
  return {
    signal: controller.signal,
    end: () => {
      for (const name of SIGNALS) process.off(name, stop);
    },
  };
}
