const CHUNK = 2 ** 20;

/** The longest text, in bytes. */
export const LONGEST_TEXT = 2 ** 16 - 1;

/** Keeps very many short texts in few large pieces of memory. Each has a number from 1 on; 0 stands for none. */
export class TextArena {
  readonly #chunks: Buffer[] = [Buffer.allocUnsafe(CHUNK)];
  #at = 1;

  /** @returns the number of the text */
  add(text: string): number {
    const length = Buffer.byteLength(text);
    if (this.#at + length + 2 > CHUNK) {
      this.#chunks.push(Buffer.allocUnsafe(CHUNK));
      this.#at = 0;
    }
    const chunk = this.#chunks.at(-1) as Buffer;
    chunk.writeUInt16LE(length, this.#at);
    chunk.write(text, this.#at + 2);
    const number = (this.#chunks.length - 1) * CHUNK + this.#at;
    this.#at += length + 2;
    return number;
  }

  get(number: number): string {
    const chunk = this.#chunks[Math.floor(number / CHUNK)] as Buffer;
    const at = number % CHUNK;
    return chunk.toString('utf8', at + 2, at + 2 + chunk.readUInt16LE(at));
  }
}
