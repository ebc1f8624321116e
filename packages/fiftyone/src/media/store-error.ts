import { FiftyOneError } from '../errors.js';

/**
 * What went wrong with a store:
 * `denied` the login or its rights, `no bucket`, `missing` object, `taken` the condition of a write does not hold,
 * `changed` what is sent or read is no longer what it was, `damaged` on the way, `full`, `busy` asks for fewer requests,
 * `passing` network and server trouble, `refused` anything else.
 */
export type StoreTrouble =
  | 'denied'
  | 'no bucket'
  | 'missing'
  | 'taken'
  | 'changed'
  | 'damaged'
  | 'full'
  | 'busy'
  | 'passing'
  | 'refused';

const SAID: Readonly<Record<StoreTrouble, string>> = {
  denied: 'access denied',
  'no bucket': 'there is no such bucket',
  missing: 'not found',
  taken: 'something else is there',
  changed: 'changed meanwhile',
  damaged: 'arrived damaged',
  full: 'no room is left',
  busy: 'too many requests',
  passing: 'no connection',
  refused: 'refused',
};

const HINTS: Partial<Record<StoreTrouble, string>> = {
  denied: 'check the credentials, what they may do, and the clock of this machine',
  'no bucket': 'make the bucket first, or correct its name',
  full: 'make room, then the same command does what is left',
  busy: 'the same command does what is left; a lower concurrency helps',
  passing: 'the same command does what is left',
  changed: 'the same command sends what it is now',
};

/**
 * Something went wrong with a store. Made of facts only: what the SDKs throw can hold headers and signed URLs, so it is
 * neither a cause nor quoted.
 */
export class StoreError extends FiftyOneError {
  constructor(
    readonly path: string,
    readonly trouble: StoreTrouble,
    /** What the store says itself, e.g. `SlowDown (503)`. */
    readonly detail?: string,
    hint = HINTS[trouble],
  ) {
    super(`${path}: ${SAID[trouble]}${detail === undefined ? '' : `: ${detail}`}`, hint === undefined ? {} : { hint });
  }
}

/** Whether trying again may help. */
export function mayPass(error: unknown): boolean {
  return error instanceof StoreError && ['busy', 'passing', 'damaged'].includes(error.trouble);
}

/** What went wrong with a connection, by the code that Node gives; undefined if it was not the connection. */
export function connectionTrouble(error: unknown): { trouble: StoreTrouble; detail: string } | undefined {
  const chain: Error[] = [];
  for (let at = error; at instanceof Error; at = at.cause) chain.push(at);
  for (const { code, name } of chain as NodeJS.ErrnoException[]) {
    const known = [code, name].find((text) => typeof text === 'string' && CONNECTION.test(text));
    if (known !== undefined) return { trouble: 'passing', detail: known };
  }
  for (const at of chain) {
    if (/socket hang up|premature close|aborted|terminated|other side closed|fetch failed/i.test(at.message)) {
      return { trouble: 'passing', detail: 'the connection was cut' };
    }
  }
  return undefined;
}

const CONNECTION =
  /^(E(CONN\w+|PIPE|TIMEDOUT|SOCKETTIMEDOUT|HOSTUNREACH|NETUNREACH|NETDOWN|AI_AGAIN|NOTFOUND)|ERR_STREAM_PREMATURE_CLOSE|UND_ERR_\w+|TimeoutError|AbortError|REQUEST_SEND_ERROR)$/;

/** What an HTTP status without a code that says more stands for. */
export function statusTrouble(status: number | undefined): StoreTrouble {
  if (status === undefined) return 'refused';
  if (status === 401 || status === 403) return 'denied';
  if (status === 404) return 'missing';
  if (status === 409 || status === 412) return 'taken';
  if (status === 429 || status === 503) return 'busy';
  if (status === 507) return 'full';
  return status === 408 || status >= 500 ? 'passing' : 'refused';
}
