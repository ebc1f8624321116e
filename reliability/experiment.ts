import type { TestServer } from '../packages/fiftyone/test/support/mongod.js';

/** What an experiment works with. */
export interface Conditions {
  /** A server that others use as well. */
  readonly server: Pick<TestServer, 'uri'>;
  readonly rounds: number;
  /** The same seed makes the same choices; what the machine makes of them may differ. */
  readonly seed: number;
  /** How many rounds go on side by side. */
  readonly abreast: number;
  readonly tell: (line: string) => void;
}

/** What an experiment found. */
export interface Findings {
  /** How often what it is about did happen, in words. */
  readonly points: string;
  /** Everything that is not as it must be, a line each. */
  readonly differences: readonly string[];
  /** Why it, or a part of it, could not be done here. */
  readonly leftOut?: string;
}

export interface Experiment {
  readonly name: string;
  readonly title: string;
  /** How many rounds the command does unless told otherwise. */
  readonly rounds: number;
  readonly abreast: number;
  run(conditions: Conditions): Promise<Findings>;
}

/** Runs rounds 0 to `rounds` - 1, so many at once, and returns what they return, in order. */
export async function inRounds<T>(rounds: number, abreast: number, round: (number: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const worker = async () => {
    while (next < rounds) {
      const number = next++;
      results[number] = await round(number);
    }
  };
  await Promise.all(Array.from({ length: Math.min(abreast, rounds) }, worker));
  return results;
}
