/** From here on a call is faster than a loop. */
const LONG = 64;

/** Bytes that are written one after the other into one buffer, which grows. */
export class ByteSink {
  /** Only the first {@link size} bytes mean something. A new one takes its place when there is no more room. */
  buffer: Buffer;
  size = 0;

  /** @param capacity bytes to begin with */
  constructor(capacity = 65_536) {
    this.buffer = Buffer.allocUnsafeSlow(capacity);
  }

  /** Makes sure that so many more bytes fit into the buffer. */
  room(bytes: number): void {
    const needed = this.size + bytes;
    if (needed <= this.buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.buffer.length * 2));
    this.buffer.copy(larger, 0, 0, this.size);
    this.buffer = larger;
  }

  /** Appends text that is ASCII. */
  ascii(text: string): void {
    this.room(text.length);
    const { buffer, size } = this;
    if (text.length > LONG) buffer.write(text, size, 'latin1');
    else for (let i = 0; i < text.length; i++) buffer[size + i] = text.charCodeAt(i);
    this.size = size + text.length;
  }

  bytes(bytes: Uint8Array): void {
    this.room(bytes.length);
    this.buffer.set(bytes, this.size);
    this.size += bytes.length;
  }

  /** What was written, without a copy: good until the next write. */
  written(): Buffer {
    return this.buffer.subarray(0, this.size);
  }

  /** Gives away what was written, and begins anew with a buffer of its own. */
  take(): Buffer {
    const taken = this.written();
    this.buffer = Buffer.allocUnsafeSlow(this.buffer.length);
    this.size = 0;
    return taken;
  }
}
