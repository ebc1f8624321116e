import { azureStore } from './azure-store.js';
import { gcsStore } from './gcs-store.js';
import { httpStore } from './http-store.js';
import { localStore } from './local-store.js';
import type { MediaSettings } from './media-settings.js';
import { type Place, placeOf } from './place.js';
import { s3Store } from './s3-store.js';
import type { MediaStore } from './store.js';
import { StoreError } from './store-error.js';

/** A path as a store and a key in it. */
export interface StoreAndKey {
  readonly store: MediaStore;
  readonly key: string;
}

/** Opens the store of a path; each store once. */
export type OpenStore = (path: string) => Promise<StoreAndKey>;

/**
 * Opens stores with these settings. Nothing is asked of a store until it is used.
 *
 * @param wrap what every store gets: retries, limits
 */
export function openStores(settings: MediaSettings, wrap: (store: MediaStore) => MediaStore = (store) => store): OpenStore {
  const opened = new Map<string, Promise<MediaStore>>();
  return async (path) => {
    const place = placeOf(path, settings);
    let store = opened.get(place.root);
    if (store === undefined) {
      store = Promise.resolve(openStore(place, settings)).then(wrap);
      opened.set(place.root, store);
    }
    return { store: await store, key: place.key };
  };
}

function openStore({ kind, root, bucket, accountUrl = '' }: Place, settings: MediaSettings): Promise<MediaStore> | MediaStore {
  if (kind === 's3') return s3Store({ root, bucket, ...settings.s3 });
  if (kind === 'minio') return s3Store({ root, bucket, ...settings.minio });
  if (kind === 'gcs') return gcsStore({ root, bucket, ...settings.gcs });
  if (kind === 'http') return httpStore(root);
  if (kind === 'local') return localStore(root);
  const { azure } = settings;
  const isBound = azure.login.kind === 'key' || azure.login.kind === 'sas';
  // a token goes to the address that is named in the path
  if (isBound && accountUrl !== azure.accountUrl) throw new StoreError(root, 'denied', `the login is of ${azure.accountUrl}`);
  return azureStore({ root, container: bucket, accountUrl, login: azure.login });
}
