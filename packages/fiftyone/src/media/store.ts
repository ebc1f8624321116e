/** What a store knows of an object. */
export interface StoredObject {
  readonly key: string;
  readonly size: number;
  readonly modified: Date;
  /** Another one after every write of the key: what `ifVersion` takes. */
  readonly version: string;
  /** MD5 of the content in hex; of an object in N parts `MD5-N`, the MD5 of their MD5s. Undefined where the store does not know. */
  readonly checksum: string | undefined;
}

/** When a write may happen: if nothing is at the key, or still this version. Default: always */
export type Condition = { readonly ifAbsent: true } | { readonly ifVersion: string };

/** The bytes of an object from `start` to before `end`; of this version, if one is given. Default: all */
export interface Range {
  readonly start?: number;
  readonly end?: number;
  readonly ifVersion?: string;
}

export interface ListOptions {
  /** Only keys without a further slash. Default: all */
  readonly shallow?: boolean;
  /** What the page before said. Default: the first page */
  readonly page?: string | undefined;
}

/** Some of the objects of a store. A page may be empty, also if there are more. */
export interface Page {
  readonly objects: readonly StoredObject[];
  /** Where the next page begins; undefined after the last one. */
  readonly next: string | undefined;
}

/** A part that a store holds of an upload that is not finished. */
export interface Part {
  /** From 1. */
  readonly number: number;
  readonly size: number;
  /** In hex. */
  readonly md5: string;
  /** What the store calls it. */
  readonly tag: string;
}

/** An upload in parts that is under way. Its state is in the store, so any machine can go on with it. */
export interface PartedUpload {
  readonly key: string;
  readonly id: string;
  /** Of the whole content. */
  readonly size: number;
  /** What the store holds already, by number. */
  readonly parts: ReadonlyMap<number, Part>;
}

/**
 * A place for media: a bucket, a container, a disk. Each method is one request or a few, so that what wraps a store
 * (retries, limits) is `{ ...store, put }` and knows nothing of files; `writeObject` is built on these methods.
 * All of them throw StoreError.
 *
 * To add a store: write the methods in a file of its own; let `place.ts` know its paths and `open-stores.ts` open it; start its
 * server in `test/support/media-worlds.ts`, and run the contract of `test/contracts/media-store.ts` on it, as the tests of the
 * others do in a few lines.
 */
export interface MediaStore {
  /** What comes before a key in a path: `s3://bucket/`. */
  readonly root: string;
  /** Whether its paths are files of this machine. */
  readonly isLocal?: boolean;
  /** What is at the key; undefined if nothing is. S3 says the same where there is no bucket: `list` tells them apart. */
  stat(key: string): Promise<StoredObject | undefined>;
  read(key: string, range?: Range): AsyncIterable<Uint8Array>;
  /** A page of the objects whose key starts with a prefix, in no certain order; `listObjects` gives them all. */
  list(prefix: string, options?: ListOptions): Promise<Page>;
  /** Writes an object at once. The store refuses content that does not have this MD5 (in hex). */
  put(key: string, content: Buffer, md5: string, condition?: Condition): Promise<StoredObject>;
  /** The upload of this key that was begun and not finished, otherwise a new one. Its parts are as large as `partSize` says. */
  beginParts(key: string, size: number): Promise<PartedUpload>;
  putPart(upload: PartedUpload, number: number, content: Buffer, md5: string): Promise<Part>;
  /** Makes the object of these parts, all of them; nothing of the upload is left. */
  finishParts(upload: PartedUpload, parts: readonly Part[], condition?: Condition): Promise<StoredObject>;
  /** Deletes what the store holds of an upload that nobody will finish. */
  dropParts(upload: PartedUpload): Promise<void>;
  /** Deletes an object; nothing happens if there is none. */
  delete(key: string): Promise<void>;
  /**
   * Copies an object inside the store, without a way over this machine, whatever is there: not all servers that take a condition
   * heed it. Undefined if the store cannot do this one.
   */
  copy?(from: StoredObject, to: string): Promise<StoredObject | undefined>;
}

/** All objects whose key starts with a prefix; with `shallow` only those without a further slash. */
export async function* listObjects(store: MediaStore, prefix: string, shallow = false): AsyncGenerator<StoredObject> {
  let page: string | undefined;
  do {
    const { objects, next } = await store.list(prefix, { shallow, page });
    yield* objects;
    page = next;
  } while (page !== undefined);
}

/** How a path in a store is shown and kept: `s3://bucket/key`. */
export function pathIn(store: MediaStore, key: string): string {
  return `${store.root}${key}`;
}
