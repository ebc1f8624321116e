import type { OnProgress } from '../datasets/progress.js';
import type { Settings } from '../settings.js';
import { operationProgress } from './operation-progress.js';
import { stopSignals } from './stop-signals.js';

/** Runs a long operation that shows its progress and can be stopped by ctrl-C. */
export async function runOperation<T>(
  { settings }: { readonly settings: Pick<Settings, 'showProgressBars'> },
  { json }: { readonly json?: boolean | undefined },
  run: (running: { onProgress: OnProgress; signal: AbortSignal }) => Promise<T>,
): Promise<T> {
  const progress = operationProgress(process.stderr, { json, show: settings.showProgressBars });
  const stop = stopSignals((line) => process.stderr.write(`${line}\n`));
  try {
    return await run({ onProgress: progress.tell, signal: stop.signal });
  } finally {
    progress.end();
    stop.end();
  }
}
