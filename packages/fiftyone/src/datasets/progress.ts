/** How far a long operation got. */
export interface Progress {
  /** What is done, for example `Exporting samples`. */
  readonly what: string;
  readonly done: number;
  /** How many there will be, if that is known. */
  readonly total?: number;
  /** What is counted, for example `samples` or `files`. */
  readonly unit: string;
  /** More about it, for people: `120 of 4,000 files, 35.1 MB/s`. */
  readonly detail?: string;
}

/** Is told how far an operation got, a few times per second at most. */
export type OnProgress = (progress: Progress) => void;
