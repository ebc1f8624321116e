import { StoppedError } from '../../errors.js';

/** @throws StoppedError if it was asked to end */
export function stopIfAsked(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw stopped();
}

export function stopped(): StoppedError {
  return new StoppedError('stopped', { hint: 'what was sent is in the store: the same command does what is left' });
}
