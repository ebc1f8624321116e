/** How far a long operation got. */
export interface Progress {
  /** What is done, for example `Exporting samples`. */
  readonly what: string;
  readonly done: number;
  /** How many there will be, if that is known. */
  readonly total?: number;
  /** What is counted, for example `samples` or `files`. */
  readonly unit: string;
}

/** Is told how far an operation got, a few times per second at most. */
export type OnProgress = (progress: Progress) => void;
