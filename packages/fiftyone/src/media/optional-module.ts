import { FiftyOneError } from '../errors.js';

/**
 * Loads the SDK of a cloud, which is not installed with this package.
 *
 * @param load such as `() => import('@aws-sdk/client-s3')`: only a literal name is typed
 * @throws FiftyOneError that says what to install
 */
export async function optionalModule<T>(name: string, purpose: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new FiftyOneError(`${purpose} needs ${name}, which is not installed`, { hint: `npm install ${name}` });
  }
}
