/** Some paths that become one. */
export interface MergedPath {
  readonly to: string;
  readonly from: readonly string[];
}

/**
 * Finds different paths that become the same one, in about 40 bytes for each: it remembers hashes. What it finds is a suspicion, that
 * whoever goes through the paths again can look at.
 */
export class MergedPaths {
  /** Four numbers for each slot: two hashes of the new path, two of the old one. */
  #slots = new Uint32Array(4 * 1024);
  #count = 0;
  readonly #suspects = new Set<string>();

  add(from: string, to: string): void {
    if (this.#count * 2 >= this.#slots.length / 4) this.#grow();
    const [a, b] = hashesOf(to);
    const [c, d] = hashesOf(from);
    const at = this.#find(this.#slots, a, b);
    if (this.#slots[at] === 0 && this.#slots[at + 1] === 0) {
      this.#slots.set([a, b, c, d], at);
      this.#count++;
    } else if (this.#slots[at + 2] !== c || this.#slots[at + 3] !== d) this.#suspects.add(`${a} ${b}`);
  }

  get hasSuspects(): boolean {
    return this.#suspects.size > 0;
  }

  /** Whether different paths may become this one. */
  isSuspect(to: string): boolean {
    return this.#suspects.has(hashesOf(to).join(' '));
  }

  #find(slots: Uint32Array, a: number, b: number): number {
    const mask = slots.length / 4 - 1;
    for (let slot = b & mask; ; slot = (slot + 1) & mask) {
      const at = slot * 4;
      if ((slots[at] === a && slots[at + 1] === b) || (slots[at] === 0 && slots[at + 1] === 0)) return at;
    }
  }

  #grow(): void {
    const slots = new Uint32Array(this.#slots.length * 2);
    for (let at = 0; at < this.#slots.length; at += 4) {
      const [a, b] = [this.#slots[at] as number, this.#slots[at + 1] as number];
      if (a !== 0 || b !== 0) slots.set(this.#slots.subarray(at, at + 4), this.#find(slots, a, b));
    }
    this.#slots = slots;
  }
}

/** Two hashes that have nothing to do with each other; never both zero. */
function hashesOf(text: string): [number, number] {
  let a = 0x811c9dc5;
  let b = 0x9e3779b9;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x01000193);
    b = Math.imul(b + code, 0x85ebca6b);
    b ^= b >>> 13;
  }
  return [(mixed(a) | 1) >>> 0, mixed(b)];
}

/** Spreads the differences of a hash over all of its bits. */
function mixed(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x7feb352d);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846ca68b);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
