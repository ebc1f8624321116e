/**
 * Finds numbers by a hash, with typed arrays instead of an object each. Several numbers may have one hash: whoever asks knows
 * which one is meant.
 */
export class HashIndex {
  /** Pairs of a number plus 1, or 0, and its hash. */
  #slots = new Uint32Array(2 * 1024);
  #count = 0;

  /** The first number with this hash that is meant. */
  find(hash: number, isMeant: (number: number) => boolean): number | undefined {
    const mask = this.#slots.length / 2 - 1;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const number = this.#slots[2 * at] as number;
      if (number === 0) return undefined;
      if (this.#slots[2 * at + 1] === hash && isMeant(number - 1)) return number - 1;
    }
  }

  add(hash: number, number: number): void {
    if (this.#count++ * 4 > this.#slots.length) this.#grow();
    this.#put(hash, number + 1);
  }

  #put(hash: number, number: number): void {
    const mask = this.#slots.length / 2 - 1;
    let at = hash & mask;
    while (this.#slots[2 * at] !== 0) at = (at + 1) & mask;
    this.#slots[2 * at] = number;
    this.#slots[2 * at + 1] = hash;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = new Uint32Array(2 * old.length);
    for (let i = 0; i < old.length; i += 2) if (old[i] !== 0) this.#put(old[i + 1] as number, old[i] as number);
  }
}

/** A hash of 32 bits that spreads texts that are nearly the same. */
export function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
