import { type Attributes, Identified, idOf } from '../fields/embedded-document.js';

/** Ties samples together: each takes an element of the group, named for its slice. */
export class Group extends Identified {
  static override readonly path = 'fiftyone.core.groups.Group';
  /** The slice; only elements have one. */
  declare name?: string;
  constructor(attributes: Attributes<Group> = {}) {
    super(attributes);
  }

  /** The element of this group for a slice, such as `left`. */
  element(name: string): Group {
    return new Group({ id: idOf(this), name });
  }
}
