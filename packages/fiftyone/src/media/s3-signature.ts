import { createHash, createHmac } from 'node:crypto';

/** A request to S3 as it is signed. */
export interface SignedRequest {
  readonly method: string;
  /** Encoded, without a query. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** Names in lower case. All of those that `signed` names, `x-amz-date` and `x-amz-content-sha256` among them. */
  readonly headers: Readonly<Record<string, string>>;
  readonly signed: readonly string[];
}

/** For what, and by whom, requests are signed. */
export interface Signer {
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** The header `authorization` by the rules of AWS Signature Version 4 (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html). */
export function authorization({ method, path, query, headers, signed }: SignedRequest, signer: Signer): string {
  const names = [...signed].sort();
  const time = headers['x-amz-date'] as string;
  const pairs = Object.entries(query).map(([name, value]) => `${encoded(name)}=${encoded(value)}`);
  const canonical = [
    method,
    path,
    pairs.sort().join('&'),
    ...names.map((name) => `${name}:${(headers[name] ?? '').trim().replace(/ +/g, ' ')}`),
    '',
    names.join(';'),
    headers['x-amz-content-sha256'],
  ].join('\n');
  const scope = `${time.slice(0, 8)}/${signer.region}/s3/aws4_request`;
  const text = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${createHash('sha256').update(canonical).digest('hex')}`;
  const key = [signer.region, 's3', 'aws4_request'].reduce<string | Buffer>(
    (made, word) => hmac(made, word),
    hmac(`AWS4${signer.secretAccessKey}`, time.slice(0, 8)),
  );
  const signature = createHmac('sha256', key).update(text).digest('hex');
  return `AWS4-HMAC-SHA256 Credential=${signer.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
}

/** Percent-encoded as AWS does it. */
export function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
