/** Writes that get to the server so long before the end of their lease, may take so long, and whether they are done. All in milliseconds. */
export const IN_TIME_CASES: readonly [endsIn: number, longest: number, isInTime: boolean][] = [
  [8000, 5000, true],
  [4000, 5000, false],
  [-1, 0, false],
  [-3_600_000, 5000, false],
  // the clock of the server went back
  [15_000, 5000, true],
  [25_000, 5000, false],
  [3_600_000, 5000, false],
];
