import type { ObjectId } from '../bson/index.js';
import type { Known } from './revision.js';

/** Which names and slugs the datasets of a database use. A plan that renames one is entered at once, so that the next plan sees it. */
export class NameRegistry {
  readonly #names = new Tally();
  readonly #slugs = new Tally();
  readonly #own = new Map<string, { name: unknown; slug: unknown }>();

  /** Enters a dataset, or what it is called from now on. */
  enter(id: ObjectId, name: unknown, slug: unknown): void {
    const key = id.toHexString();
    const old = this.#own.get(key);
    if (old) {
      this.#names.remove(old.name);
      this.#slugs.remove(old.slug);
    }
    this.#own.set(key, { name, slug });
    this.#names.add(name);
    this.#slugs.add(slug);
  }

  /** What all datasets but this one use. */
  others(id: ObjectId): { names: Known; slugs: Known } {
    const own = this.#own.get(id.toHexString());
    return {
      names: { has: (name) => this.#names.has(name, own?.name) },
      slugs: { has: (slug) => this.#slugs.has(slug, own?.slug) },
    };
  }

  /** How many datasets have this name. */
  count(name: string): number {
    return this.#names.count(name);
  }
}

class Tally {
  readonly #counts = new Map<unknown, number>();

  add(key: unknown): void {
    this.#counts.set(key, this.count(key) + 1);
  }

  remove(key: unknown): void {
    this.#counts.set(key, this.count(key) - 1);
  }

  count(key: unknown): number {
    return this.#counts.get(key) ?? 0;
  }

  has(key: string, own: unknown): boolean {
    return this.count(key) > (key === own ? 1 : 0);
  }
}
