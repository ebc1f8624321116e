import { type BigIntStats, closeSync, fstatSync, open, read as readFile } from 'node:fs';
import { type MediaStore, pathIn, type StoredObject } from './store.js';
import { StoreError } from './store-error.js';

/** Content that can be read more than once and stays what it was. */
export interface Source {
  readonly size: number;
  /** Exactly the bytes from `start` to before `end`. @throws StoreError `changed` if they are no longer what they were */
  read(start: number, end: number): Promise<Buffer>;
}

/** By what one sees that a file is still the same. */
export interface FileStamp {
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly ino: bigint;
}

/** The content of a file. */
export interface FileSource extends Source {
  readonly stamp: FileStamp;
}

/** The stamp of what the file system tells. */
export function stampOf({ size, mtimeNs, ctimeNs, ino }: BigIntStats): FileStamp {
  return { size: Number(size), mtimeNs, ctimeNs, ino };
}

/** Whether a file is what it was. */
export function sameStamp(a: FileStamp, b: FileStamp | undefined): boolean {
  return b !== undefined && a.size === b.size && a.mtimeNs === b.mtimeNs && a.ctimeNs === b.ctimeNs && a.ino === b.ino;
}

/** Bytes in memory. */
export function bytesSource(bytes: Uint8Array): Source {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return { size: buffer.length, read: async (start, end) => buffer.subarray(start, end) };
}

/**
 * Uses a file as it is now: if it shrinks, grows or is written to meanwhile, reading it fails.
 *
 * Only opening and reading wait for the disk and go through the threads of Node, which cost more than the rest together.
 */
export async function withFile<T>(path: string, use: (source: FileSource) => Promise<T>): Promise<T> {
  const file = await opened(path).catch((error) => {
    throw fileError(path, error);
  });
  try {
    const before = fstatSync(file, { bigint: true });
    if (!before.isFile()) throw new StoreError(path, 'refused', 'not a file');
    const read = async (start: number, end: number) => {
      const buffer = Buffer.allocUnsafe(end - start);
      let length = 0;
      while (length < buffer.length) {
        const count = await readInto(file, buffer, length, start + length);
        if (count === 0) break;
        length += count;
      }
      const now = fstatSync(file, { bigint: true });
      if (length < buffer.length || now.size !== before.size || now.mtimeNs !== before.mtimeNs) {
        throw new StoreError(path, 'changed', 'the file was written to while it was read');
      }
      return buffer;
    };
    return await use({ size: Number(before.size), read, stamp: stampOf(before) });
  } finally {
    closeSync(file);
  }
}

function opened(path: string): Promise<number> {
  return new Promise((resolve, reject) => {
    open(path, 'r', (error, file) => (error ? reject(error) : resolve(file)));
  });
}

/** @returns how many bytes there were from this position on, at most as many as fit */
function readInto(file: number, buffer: Buffer, offset: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    readFile(file, buffer, offset, buffer.length - offset, position, (error, count) => (error ? reject(error) : resolve(count)));
  });
}

/** An object of a store, in this version. */
export function objectSource(store: MediaStore, object: StoredObject): Source {
  const read = async (start: number, end: number) => {
    if (start === end) return Buffer.alloc(0);
    const pieces: Uint8Array[] = [];
    for await (const piece of store.read(object.key, { start, end, ifVersion: object.version })) pieces.push(piece);
    const content = Buffer.concat(pieces);
    if (content.length !== end - start) throw new StoreError(pathIn(store, object.key), 'changed', 'it is shorter than it was');
    return content;
  };
  return { size: object.size, read };
}

/** The StoreError for what the file system says. */
export function fileError(path: string, error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const { code } = error as NodeJS.ErrnoException;
  if (code === undefined) throw error;
  if (code === 'ENOENT' || code === 'ENOTDIR') return new StoreError(path, 'missing');
  if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return new StoreError(path, 'denied', code);
  if (code === 'ENOSPC' || code === 'EDQUOT') return new StoreError(path, 'full', code);
  return new StoreError(path, 'refused', code);
}
