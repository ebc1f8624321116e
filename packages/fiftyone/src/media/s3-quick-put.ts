import { createHash, webcrypto } from 'node:crypto';
import { Agent as HttpAgent, request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { S3Client } from '@aws-sdk/client-s3';
import { authorization, encoded } from './s3-signature.js';

/** From here on another thread pays. */
const MUCH = 2 ** 20;

/** An upload to a bucket. */
export interface QuickPut {
  readonly key: string;
  readonly content: Buffer;
  readonly query?: Readonly<Record<string, string>>;
  /** Further headers, names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
}

export interface QuickAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
}

/** Where and how the SDK sent a request to the bucket. */
interface Learned {
  readonly protocol: string;
  readonly hostname: string;
  readonly port: number | undefined;
  readonly host: string;
  /** What comes before the key. */
  readonly base: string;
  readonly region: string;
  readonly userAgent: string;
}

/** A request of the SDK, as far as it matters. */
interface SdkRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly method: string;
  readonly path: string;
  readonly query?: Record<string, unknown>;
  readonly headers: Record<string, string>;
}

/**
 * Uploads without the machinery of the SDK, which takes two thirds of the time of a small file. Everything that needs knowledge
 * stays with the SDK: it finds credentials, endpoint and region and sends the first upload; from that one is learned where uploads
 * go, and only if we would have signed it the very same way.
 *
 * @returns undefined as long as nothing was learned
 */
export function quickPuts(client: S3Client, idleMs: number): (put: QuickPut) => Promise<QuickAnswer | undefined> {
  let learned: Learned | undefined;
  let isTried = false;
  const options = { keepAlive: true, maxSockets: 256 };
  const agents = { 'http:': new HttpAgent(options), 'https:': new HttpsAgent(options) };

  client.middlewareStack.add(
    (next, context) => async (args) => {
      const answer = await next(args);
      if (!isTried && context.commandName === 'PutObjectCommand') {
        isTried = true;
        const { Key = '' } = args.input as { Key?: string };
        learned = await learn(client, args.request as SdkRequest, Key);
      }
      return answer;
    },
    { step: 'deserialize', priority: 'low', name: 'learnWhereUploadsGo' },
  );

  return async ({ key, content, query = {}, headers }) => {
    if (learned === undefined) return undefined;
    const { protocol, hostname, port, host, base, region, userAgent } = learned;
    const { accessKeyId, secretAccessKey, sessionToken } = await client.config.credentials();
    const now = new Date(Date.now() + client.config.systemClockOffset);
    const toSign: Record<string, string> = {
      ...headers,
      host,
      'x-amz-date': now.toISOString().replace(/[-:]|\.\d+/g, ''),
      'x-amz-content-sha256': await sha256(content),
      ...(sessionToken === undefined ? {} : { 'x-amz-security-token': sessionToken }),
    };
    const path = `${base}${key.split('/').map(encoded).join('/')}`;
    const signed = { method: 'PUT', path, query, headers: toSign, signed: Object.keys(toSign) };
    const pairs = Object.entries(query).map(([name, value]) => `${encoded(name)}=${encoded(value)}`);
    const all = {
      ...toSign,
      authorization: authorization(signed, { region, accessKeyId, secretAccessKey }),
      'content-length': content.length,
      'user-agent': userAgent,
    };
    const isSecure = protocol === 'https:';
    const where = { hostname, port, path: pairs.length > 0 ? `${path}?${pairs.join('&')}` : path };
    const how = { method: 'PUT', headers: all, agent: agents[isSecure ? 'https:' : 'http:'], timeout: idleMs };
    return await new Promise<QuickAnswer>((resolve, reject) => {
      const sent = (isSecure ? httpsRequest : httpRequest)({ ...where, ...how }, (answer) => {
        answer.once('error', reject).once('aborted', () => reject(new Error('aborted')));
        answer.once('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers })).resume();
      });
      sent.once('timeout', () => sent.destroy(Object.assign(new Error('nothing happens'), { code: 'ETIMEDOUT' })));
      sent.once('error', reject);
      sent.end(content);
    });
  };
}

/** In hex; of much content in another thread, so that others are sent meanwhile. */
async function sha256(content: Buffer): Promise<string> {
  if (content.length < MUCH) return createHash('sha256').update(content).digest('hex');
  return Buffer.from(await webcrypto.subtle.digest('SHA-256', content)).toString('hex');
}

async function learn(client: S3Client, request: SdkRequest, key: string): Promise<Learned | undefined> {
  const { method, path, query = {}, headers, protocol, hostname, port } = request;
  const names = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
  const said = names.authorization ?? '';
  const [, region, list = ''] = /^AWS4-HMAC-SHA256 .*?\/([^/]+)\/s3\/aws4_request, SignedHeaders=([^,]+)/.exec(said) ?? [];
  const end = key.split('/').map(encoded).join('/');
  if (region === undefined || !path.endsWith(`/${end}`) || key === '') return undefined;
  const signer = { region, ...(await client.config.credentials()) };
  const texts = Object.fromEntries(Object.entries(query).map(([name, value]) => [name, String(value)]));
  const ours = authorization({ method, path, query: texts, headers: names, signed: list.split(';') }, signer);
  const { host = '', 'user-agent': userAgent = '' } = names;
  if (ours !== said || !list.split(';').includes('host')) return undefined;
  return { protocol, hostname, port, host, base: path.slice(0, -end.length), region, userAgent };
}
