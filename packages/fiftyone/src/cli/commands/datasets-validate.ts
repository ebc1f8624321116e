import { UsageError } from '../../errors.js';

/** `fiftyone datasets validate FOLDER`. @returns the exit code */
export async function validate(_path: string, _flags: { json?: boolean }): Promise<number> {
  throw new UsageError('not there yet');
}
