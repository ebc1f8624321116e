/** The exit code of the command for each kind of error; `--help` lists them. */
export const ExitCode = { done: 0, failed: 1, usage: 2, partly: 3, incompatible: 10, locked: 11, stopped: 130 } as const;

/** What every error that is thrown on purpose has: what happened, and what to do next. */
export class FiftyOneError extends Error {
  readonly exitCode: number = ExitCode.failed;
  readonly hint: string | undefined;

  constructor(message: string, options: { hint?: string; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.hint = options.hint;
  }
}

/** The caller asked for something that cannot be: an unknown option, a bad version, a contradiction. */
export class UsageError extends FiftyOneError {
  override readonly exitCode = ExitCode.usage;
}

/** Settings that cannot be used; lists every mistake at once. */
export class SettingsError extends UsageError {
  constructor(readonly mistakes: readonly string[]) {
    super(mistakes.length === 1 ? `bad setting: ${mistakes[0]}` : `bad settings:\n${mistakes.map((m) => `  - ${m}`).join('\n')}`);
  }
}

/** The database cannot be reached, or does not accept the login. */
export class ConnectionError extends FiftyOneError {}

/** The version of the database, or of a dataset, and that of this client do not go together. */
export class IncompatibleError extends FiftyOneError {
  override readonly exitCode = ExitCode.incompatible;
}

/** The request needs admin privileges. */
export class AdminRequiredError extends FiftyOneError {}

/** A dataset with this name does not exist. */
export class DatasetNotFoundError extends FiftyOneError {
  constructor(readonly dataset: string) {
    super(`Dataset ${dataset} not found`, { hint: 'list the datasets with: fiftyone datasets list' });
  }
}

/** A dataset has no saved view of this name. */
export class ViewNotFoundError extends FiftyOneError {
  constructor(
    readonly dataset: string,
    readonly view: string,
    known: readonly string[],
  ) {
    super(`Dataset '${dataset}' has no saved view '${view}'`, {
      hint: known.length === 0 ? 'it has no saved views' : `its saved views are: ${known.join(', ')}`,
    });
  }
}

/** A view has a stage that is not known here. */
export class UnsupportedStageError extends FiftyOneError {
  constructor(readonly stage: string) {
    super(`views with the stage ${stage} cannot be read`, {
      hint: 'save the view without this stage, for example by selecting the ids of its samples, and use that view',
    });
  }
}

/** A dataset cannot take the path that was asked for; nothing of it was changed. */
export class RefusedError extends FiftyOneError {
  constructor(
    readonly dataset: string,
    readonly reasons: readonly string[],
    hint?: string,
    noun = 'dataset',
  ) {
    super(`cannot migrate ${noun} '${dataset}': ${reasons.join('; ')}`, hint === undefined ? {} : { hint });
  }
}

/** An export cannot be imported; the database is as it was before. */
export class ImportError extends FiftyOneError {
  constructor(
    readonly from: string,
    readonly reasons: readonly string[],
    hint?: string,
  ) {
    super(`cannot import ${from}: ${reasons.join('; ')}`, hint === undefined ? {} : { hint });
  }
}

/** Somebody else is at work. */
export class LockedError extends FiftyOneError {
  override readonly exitCode = ExitCode.locked;
}

/** The database holds something that no release writes: what, where, and what was expected. */
export class MalformedError extends FiftyOneError {
  constructor(
    readonly where: string,
    readonly found: string,
    readonly expected: string,
  ) {
    super(`${where} is ${found}, expected ${expected}`, { hint: 'correct it in the database by hand: nothing was changed' });
  }
}

/** The run was asked to end. */
export class StoppedError extends FiftyOneError {
  override readonly exitCode = ExitCode.stopped;
}

/** What to do when the server is gone. */
export const SERVER_GONE = 'the server is gone: when it is back, the same command does what is left';

/** The server went away while others were at work; this one was not begun. */
export class ServerGoneError extends FiftyOneError {
  constructor() {
    super('not begun', { hint: SERVER_GONE });
  }
}

/** Whether the server cannot be reached any more, so that trying the rest is in vain. */
export function isUnreachable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { name, code } = error as NodeJS.ErrnoException;
  if (code === 'ECONNRESET' || code === 'EPIPE') return true;
  return /^(Mongo(Network|ServerSelection|NotConnected|TopologyClosed|PoolCleared)|PoolClearedOnNetworkError)/.test(name);
}

/** The server's codes for a command that it gave up because it is not the primary of its replica set, or no longer. */
const NOT_PRIMARY: readonly unknown[] = [91, 189, 10058, 10107, 11600, 11602, 13435, 13436];

/** What to do about an error that the server or the way to it brought about, if it passes by itself. */
export function hintForServer(error: unknown): string | undefined {
  if (isUnreachable(error)) return SERVER_GONE;
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  return NOT_PRIMARY.includes(code)
    ? 'the primary of the replica set has changed: the same command does what is left'
    : undefined;
}
