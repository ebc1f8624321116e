import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { FileStamp } from '../source.js';
import { HashIndex } from './hash-index.js';

/** Name and part size (8 bytes of an MD5), size, mtime, ctime, inode (8 bytes each), MD5 (16), number of parts (4), not used (4). */
const RECORD = 64;
const HEAD = Buffer.from('fiftyone checksums 1\n');
const TAIL = 16;

/** A file that was written to a moment before it was read may have been written to again with the same time. */
const RACY_NS = 2_000_000_000n;

/** How many records are in memory at once, of all folders. */
const MOST_RECORDS = 500_000;

/** How many new ones of a folder are written down at once, for a run that ends untimely. */
const MANY = 20_000;

/**
 * Remembers the checksums of files of this machine between runs, in a file for each of their folders. One is good as long as
 * size, times and inode of the file are what they were. Whatever is wrong with the memory, the worst is that files are read again.
 */
export class ChecksumMemory {
  readonly #folders = new Map<string, Promise<FolderMemory>>();

  /** @param folder where it is kept; undefined: it is not */
  constructor(readonly folder: string | undefined) {}

  /** @param part the size of the parts of which the checksum is made */
  async find(path: string, stamp: FileStamp, part: number): Promise<string | undefined> {
    if (this.folder === undefined) return undefined;
    return (await this.#of(path)).find(basename(path), stamp, part);
  }

  /** @param since when reading began, in milliseconds */
  async keep(path: string, stamp: FileStamp, part: number, checksum: string, since: number): Promise<void> {
    if (this.folder === undefined) return;
    const last = stamp.mtimeNs > stamp.ctimeNs ? stamp.mtimeNs : stamp.ctimeNs;
    if (BigInt(Math.floor(since)) * 1_000_000n - last < RACY_NS) return;
    const memory = await this.#of(path);
    memory.keep(basename(path), stamp, part, checksum);
    if (memory.unsaved >= MANY) await memory.save();
  }

  /** Writes down what is new. */
  async save(): Promise<void> {
    for (const memory of this.#folders.values()) await (await memory).save();
  }

  async #of(path: string): Promise<FolderMemory> {
    const folder = dirname(path);
    const known = this.#folders.get(folder);
    if (known !== undefined) {
      // the one that was not used for the longest time comes first
      this.#folders.delete(folder);
      this.#folders.set(folder, known);
      return await known;
    }
    const file = join(this.folder as string, 'checksums', `${createHash('md5').update(folder).digest('hex')}.bin`);
    const opened = FolderMemory.open(file);
    this.#folders.set(folder, opened);
    await this.#shrink();
    return await opened;
  }

  async #shrink(): Promise<void> {
    const all = await Promise.all(this.#folders.values());
    let records = all.reduce((sum, { count }) => sum + count, 0);
    for (const [folder, memory] of [...this.#folders].slice(0, -1)) {
      if (records <= MOST_RECORDS && this.#folders.size <= 1000) return;
      const { count } = await memory;
      this.#folders.delete(folder);
      records -= count;
      await (await memory).save();
    }
  }
}

/** The memory of one folder. */
class FolderMemory {
  #records: Buffer;
  readonly #index = new HashIndex();
  count = 0;
  unsaved = 0;
  #saving = Promise.resolve();

  constructor(
    readonly file: string,
    saved: Buffer,
  ) {
    this.#records = saved;
    this.count = saved.length / RECORD;
    for (let i = 0; i < this.count; i++) this.#index.add(saved.readUInt32LE(i * RECORD), i);
  }

  static async open(file: string): Promise<FolderMemory> {
    const bytes = await readFile(file).catch(() => Buffer.alloc(0));
    const records = bytes.subarray(HEAD.length, Math.max(bytes.length - TAIL, HEAD.length));
    const isGood =
      bytes.subarray(0, HEAD.length).equals(HEAD) &&
      records.length % RECORD === 0 &&
      digest(records).equals(bytes.subarray(bytes.length - TAIL));
    return new FolderMemory(file, isGood ? records : Buffer.alloc(0));
  }

  find(name: string, stamp: FileStamp, part: number): string | undefined {
    const wanted = recordOf(name, stamp, part);
    const i = this.#find(wanted);
    if (i === undefined) return undefined;
    const record = this.#records.subarray(i * RECORD, (i + 1) * RECORD);
    if (!record.subarray(0, 40).equals(wanted.subarray(0, 40))) return undefined;
    const parts = record.readUInt32LE(56);
    const md5 = record.toString('hex', 40, 56);
    return parts === 0 ? md5 : `${md5}-${parts}`;
  }

  keep(name: string, stamp: FileStamp, part: number, checksum: string): void {
    const [md5 = '', parts = '0'] = checksum.split('-');
    const record = recordOf(name, stamp, part);
    record.write(md5, 40, 'hex');
    record.writeUInt32LE(Number(parts), 56);
    let i = this.#find(record);
    if (i === undefined) {
      i = this.count++;
      if (this.count * RECORD > this.#records.length) {
        this.#records = Buffer.concat([this.#records, Buffer.alloc(Math.max(this.#records.length, 64 * RECORD))]);
      }
      this.#index.add(record.readUInt32LE(0), i);
    }
    record.copy(this.#records, i * RECORD);
    this.unsaved++;
  }

  async save(): Promise<void> {
    this.#saving = this.#saving.then(() => this.#save());
    await this.#saving;
  }

  async #save(): Promise<void> {
    if (this.unsaved === 0) return;
    this.unsaved = 0;
    // a copy, as others may come while it is written
    const records = Buffer.from(this.#records.subarray(0, this.count * RECORD));
    const unfinished = `${this.file}.${randomUUID()}`;
    try {
      await mkdir(dirname(this.file), { recursive: true });
      await writeFile(unfinished, Buffer.concat([HEAD, records, digest(records)]));
      await rename(unfinished, this.file);
    } catch {
      // a cache folder that is full or read only costs time, nothing else
      await rm(unfinished, { force: true }).catch(() => {});
    }
  }

  #find(record: Buffer): number | undefined {
    return this.#index.find(record.readUInt32LE(0), (i) => {
      return this.#records.subarray(i * RECORD, i * RECORD + 8).equals(record.subarray(0, 8));
    });
  }
}

function recordOf(name: string, { size, mtimeNs, ctimeNs, ino }: FileStamp, part: number): Buffer {
  const record = Buffer.alloc(RECORD);
  // of a whole file the size of its only part says nothing
  digest(Buffer.from(`${part >= size ? 'whole' : part}\0${name}`)).copy(record, 0, 0, 8);
  record.writeDoubleLE(size, 8);
  record.writeBigUInt64LE(BigInt.asUintN(64, mtimeNs), 16);
  record.writeBigUInt64LE(BigInt.asUintN(64, ctimeNs), 24);
  record.writeBigUInt64LE(BigInt.asUintN(64, ino), 32);
  return record;
}

function digest(bytes: Uint8Array): Buffer {
  return createHash('md5').update(bytes).digest();
}
