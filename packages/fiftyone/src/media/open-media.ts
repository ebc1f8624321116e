import { type Gate, gate } from './gate.js';
import { limited } from './limited.js';
import type { MediaSettings } from './media-settings.js';
import { type OpenStore, openStores } from './open-stores.js';
import { retrying } from './retrying.js';
import { pace, slowed } from './slowed.js';
import type { MediaStore } from './store.js';

export interface MediaOptions {
  /** How many requests may be under way at once. Default: finds out, up to 64 */
  readonly concurrency?: number | undefined;
  /** How many bytes may go per second, all stores together. Default: no limit */
  readonly bytesPerSecond?: number | undefined;
}

/** Opens stores as verbs use them: what may pass is tried again, and no more goes at once than the server and the line take. */
export function openMedia(settings: MediaSettings, { concurrency, bytesPerSecond }: MediaOptions = {}): OpenStore {
  const slow = bytesPerSecond === undefined ? undefined : pace(bytesPerSecond);
  const open = (): Gate => gate(concurrency === undefined ? {} : { least: concurrency, most: concurrency });
  const wrap = (store: MediaStore) => retrying(limited(slow ? slowed(store, slow) : store, open()));
  return openStores(settings, wrap);
}
