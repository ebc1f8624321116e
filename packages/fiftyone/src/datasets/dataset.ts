import type { ReadonlyDoc } from '../bson/index.js';

/** A dataset as it is stored. */
export class Dataset {
  constructor(readonly doc: ReadonlyDoc) {}

  get name(): string {
    return String(this.doc.get('name'));
  }

  /** The version of its documents, or null where none is stored. */
  get version(): string | null {
    const version = this.doc.get('version');
    return typeof version === 'string' ? version : null;
  }
}
