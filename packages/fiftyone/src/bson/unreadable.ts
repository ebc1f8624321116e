import { FiftyOneError } from '../errors.js';
import { placeInJson } from './place-in-json.js';

/** How much of a path is shown, in characters. */
const LONGEST = 240;

/** JSON text that is no document that a database could keep. */
export class UnreadableError extends FiftyOneError {
  /** Where in the document, for example `ground_truth.detections[3].label`; without its middle if it is long. */
  readonly path: string;

  constructor(
    readonly problem: string,
    /** The byte, counted from 0. */
    readonly position: number,
    path: string,
  ) {
    const shown = path.length > LONGEST ? `${path.slice(0, LONGEST / 2)} … ${path.slice(-LONGEST / 4)}` : path;
    super(`${shown === '' ? '' : `${shown}: `}${problem}, at byte ${position}`);
    this.path = shown;
  }
}

/** A mistake at a byte of the text that is being read. */
export class Unreadable {
  constructor(
    readonly problem: string,
    readonly at: number,
    /** If the text ends before this, more text may mend it. */
    readonly needed = at,
  ) {}

  /** What to tell about it. @param start where the document begins; `offset` is what comes before the text */
  error(text: Uint8Array, start: number, offset: number): UnreadableError {
    const before = Buffer.from(text.subarray(start, this.at)).toString('latin1');
    return new UnreadableError(this.problem, offset + this.at, placeInJson(`${before}!`, before.length));
  }
}
