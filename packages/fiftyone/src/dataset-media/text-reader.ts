import { BsonType } from '../bson/index.js';
import { type BsonBytes, keyBytes } from '../values/bson-bytes.js';

/** A text at the path of a field. */
export interface FoundText {
  readonly text: string;
  /** Where it is in its document, with positions in lists: `ground_truth.detections.3.mask_path`. */
  readonly place: string;
  /** The same with ids in the place of positions, which views can change. Undefined where a list has something without an id. */
  readonly key: string | undefined;
}

/** Reads the texts at a path of one document after the other. Empty ones are none, nor is what is not UTF-8. */
export class TextReader {
  readonly #names: readonly string[];
  readonly #keys: readonly Uint8Array[];

  /** @param identify look for the ids of what is in lists */
  constructor(
    path: readonly string[],
    readonly identify = false,
  ) {
    this.#names = path;
    this.#keys = path.map(keyBytes);
  }

  read(bytes: BsonBytes, document: number, found: (text: FoundText) => void): void {
    this.#value(bytes, 0, BsonType.document, document, '', '', found);
  }

  #value(
    bytes: BsonBytes,
    step: number,
    type: number,
    at: number,
    place: string,
    key: string | undefined,
    found: (text: FoundText) => void,
  ): void {
    if (type === BsonType.array) {
      let position = 0;
      bytes.each(at, (itemType, itemAt) => {
        const itemKey = this.identify && key !== undefined ? keyOf(bytes, itemType, itemAt, key) : undefined;
        this.#value(bytes, step, itemType, itemAt, `${place}.${position++}`, itemKey, found);
      });
    } else if (step === this.#keys.length) {
      const text = type === BsonType.string ? bytes.text(at) : undefined;
      if (text !== undefined && text !== '') found({ text, place, key });
    } else if (type === BsonType.document && bytes.find(at, this.#keys[step] as Uint8Array)) {
      const name = this.#names[step] as string;
      const below = (above: string) => (above === '' ? name : `${above}.${name}`);
      this.#value(bytes, step + 1, bytes.type, bytes.at, below(place), key === undefined ? undefined : below(key), found);
    }
  }
}

const ID = keyBytes('_id');

function keyOf(bytes: BsonBytes, type: number, at: number, list: string): string | undefined {
  const hasId = type === BsonType.document && bytes.find(at, ID) && bytes.type === BsonType.objectId;
  return hasId ? `${list}.${bytes.hex(bytes.at)}` : undefined;
}
