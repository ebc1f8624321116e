/** A set of keys of a few bytes each, which takes little more memory than the keys. */
export class IdSet {
  #slots: Buffer;
  #used: Uint8Array;
  #capacity = 1024;
  size = 0;

  /** @param width bytes of a key  @param most how many keys it takes; more are not kept */
  constructor(
    readonly width: number,
    readonly most: number = Number.POSITIVE_INFINITY,
  ) {
    this.#slots = Buffer.alloc(this.#capacity * width);
    this.#used = new Uint8Array(this.#capacity);
  }

  /** Whether it takes no more keys: then it knows only some. */
  get isFull(): boolean {
    return this.size >= this.most;
  }

  /** Adds a key. @returns whether it was not in it */
  add(key: Buffer): boolean {
    const slot = this.#find(key);
    if (this.#used[slot]) return false;
    if (this.isFull) return true;
    key.copy(this.#slots, slot * this.width, 0, this.width);
    this.#used[slot] = 1;
    if (++this.size * 4 > this.#capacity * 3) this.#grow();
    return true;
  }

  has(key: Buffer): boolean {
    return this.#used[this.#find(key)] === 1;
  }

  #find(key: Buffer): number {
    let hash = 2166136261;
    for (let i = 0; i < this.width; i++) hash = Math.imul(hash ^ (key[i] as number), 16777619);
    hash ^= hash >>> 15;
    const mask = this.#capacity - 1;
    let slot = (hash >>> 0) & mask;
    while (this.#used[slot] && !this.#holds(slot, key)) slot = (slot + 1) & mask;
    return slot;
  }

  #holds(slot: number, key: Buffer): boolean {
    const at = slot * this.width;
    for (let i = 0; i < this.width; i++) if (this.#slots[at + i] !== key[i]) return false;
    return true;
  }

  #grow(): void {
    const [slots, used] = [this.#slots, this.#used];
    this.#capacity *= 2;
    this.#slots = Buffer.alloc(this.#capacity * this.width);
    this.#used = new Uint8Array(this.#capacity);
    for (let i = 0; i < used.length; i++) {
      if (!used[i]) continue;
      const key = slots.subarray(i * this.width, (i + 1) * this.width);
      const slot = this.#find(key);
      key.copy(this.#slots, slot * this.width);
      this.#used[slot] = 1;
    }
  }
}
