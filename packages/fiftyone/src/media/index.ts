/** Stores of files, for the other packages of this workspace. */
export { localStore } from './local-store.js';
export { type MediaSettings, readMediaSettings } from './media-settings.js';
export { openMedia } from './open-media.js';
export type { StoreAndKey } from './open-stores.js';
export { bytesSource, type Source, withFile } from './source.js';
export { listObjects, type MediaStore, type Range, type StoredObject } from './store.js';
export { StoreError } from './store-error.js';
export { writeObject } from './write-object.js';
