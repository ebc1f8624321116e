import type { UpstreamSettings } from './index-settings.js';
import { Refusal } from './refusal.js';

/** An answer of another index, whose body comes in pieces. */
export interface FetchedAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** @throws Refusal 502 if it breaks off, is too slow or too large */
  readonly body: AsyncIterable<Uint8Array>;
  /** Gives up on the body. */
  drop(): Promise<void>;
}

export interface FetchOptions {
  readonly headers: Readonly<Record<string, string>>;
  /** In bytes, unpacked. */
  readonly largest: number;
}

const MOST_REDIRECTS = 4;

/** Whether something may be fetched from this address: from the upstream itself, or where its files may be. */
export function mayFetch({ url, fileHosts }: UpstreamSettings, target: URL): boolean {
  if (target.username !== '' || target.password !== '') return false;
  if (target.origin === url.origin) return true;
  // a secure upstream has no insecure files
  if (target.protocol !== 'https:' && target.protocol !== url.protocol) return false;
  return /^https?:$/.test(target.protocol) && fileHosts.includes(target.host);
}

/**
 * Fetches from another index, and from nowhere else, wherever it is redirected.
 *
 * @throws Refusal 502 if it cannot be reached, or sends us elsewhere
 */
export async function guardedFetch(upstream: UpstreamSettings, from: URL, options: FetchOptions): Promise<FetchedAnswer> {
  let target = from;
  for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
    if (!mayFetch(upstream, target))
      throw new Refusal(502, `The upstream index names ${target.host}, which is not one of its hosts`);
    const answer = await fetchOnce(upstream, target, options);
    const location = [301, 302, 303, 307, 308].includes(answer.status) ? answer.headers.get('location') : null;
    if (location === null) return answer;
    await answer.drop();
    if (!URL.canParse(location, target.href)) throw new Refusal(502, 'The upstream index redirects to no address');
    target = new URL(location, target);
  }
  throw new Refusal(502, 'The upstream index redirects without end');
}

async function fetchOnce(upstream: UpstreamSettings, target: URL, { headers, largest }: FetchOptions): Promise<FetchedAnswer> {
  const { url, timeoutSeconds } = upstream;
  const stop = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const wind = () => {
    clearTimeout(timer);
    timer = setTimeout(() => stop.abort(), timeoutSeconds * 1000);
  };
  const login = url.username !== '' && target.origin === url.origin ? { authorization: basicLogin(url) } : {};
  const failed = (error: unknown): never => {
    clearTimeout(timer);
    if (error instanceof Refusal) throw error;
    const { code, name } = ((error as Error).cause ?? error) as NodeJS.ErrnoException;
    throw new Refusal(502, `The upstream index did not answer: ${stop.signal.aborted ? 'too slow' : (code ?? name)}`);
  };
  wind();
  const answer = await fetch(target, { redirect: 'manual', signal: stop.signal, headers: { ...headers, ...login } }).catch(
    failed,
  );
  clearTimeout(timer);
  const body = async function* () {
    let size = 0;
    try {
      wind();
      for await (const chunk of answer.body ?? []) {
        clearTimeout(timer);
        size += chunk.length;
        if (size > largest) throw new Refusal(502, `The upstream index sends more than ${largest} bytes`);
        yield chunk;
        wind();
      }
    } catch (error) {
      failed(error);
    } finally {
      clearTimeout(timer);
    }
  };
  return { status: answer.status, headers: answer.headers, body: body(), drop: async () => answer.body?.cancel() };
}

function basicLogin({ username, password }: URL): string {
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(login).toString('base64')}`;
}
