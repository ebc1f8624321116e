/** Something about an export that a person should know. */
export interface ExportProblem {
  /**
   * `error`: it cannot be imported as it is, or something is missing. `warning`: it can be imported, and something may be missing
   * then. `note`: nothing is wrong.
   */
  readonly severity: 'error' | 'warning' | 'note';
  /** The file, relative to the export. */
  readonly file: string;
  /** Where in the file: `samples[12].filepath`, or a key of the metadata. */
  readonly place?: string;
  /** The byte of the file, counted from 0, if that is known. */
  readonly byte?: number;
  readonly message: string;
}

/** How many problems are kept. The rest is counted. */
const MOST = 10_000;

/** Collects problems, without ever keeping too many. */
export class Problems {
  readonly kept: ExportProblem[] = [];
  readonly counts = { error: 0, warning: 0, note: 0 };

  constructor(readonly onProblem: (problem: ExportProblem) => void = () => {}) {}

  add(severity: ExportProblem['severity'], file: string, message: string, where: { place?: string; byte?: number } = {}): void {
    const problem = { severity, file, ...where, message };
    this.counts[severity]++;
    if (this.kept.length < MOST) this.kept.push(problem);
    this.onProblem(problem);
  }
}
