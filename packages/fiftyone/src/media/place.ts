import { parse, resolve, sep } from 'node:path';
import { UsageError } from '../errors.js';
import type { MediaSettings } from './media-settings.js';

/** What a path stands for: the kind of store, what comes before the key, the bucket or container, and the key. */
export interface Place {
  readonly kind: 'local' | 's3' | 'gcs' | 'azure' | 'minio' | 'http';
  /** `root` and `key` together are the path. */
  readonly root: string;
  readonly bucket: string;
  readonly key: string;
  /** Of an account of Azure: where it is. */
  readonly accountUrl?: string;
}

const AZURE =
  /^https:\/\/[a-z0-9-]+\.blob\.(core\.windows\.net|core\.usgovcloudapi\.net|core\.chinacloudapi\.cn|storage\.azure\.net)$/i;

/**
 * What a path stands for. What follows a bucket is the key as it is: nothing in it is decoded.
 *
 * @throws UsageError if the path begins like none that is known, or names no bucket
 */
export function placeOf(path: string, { azure, minio }: Pick<MediaSettings, 'azure' | 'minio'>): Place {
  const [, scheme] = /^([a-z][a-z0-9+.-]+):\/\//i.exec(path) ?? [];
  if (scheme === undefined) return localPlace(path);
  const after = path.slice(scheme.length + 3);
  if (scheme === 's3') return bucketPlace('s3', 's3://', after, path);
  if (scheme === 'gs') return bucketPlace('gcs', 'gs://', after, path);
  if (minio && scheme === minio.alias) return bucketPlace('minio', `${scheme}://`, after, path);
  if (azure.alias !== undefined && scheme === azure.alias) {
    if (azure.accountUrl === undefined) throw new UsageError(`${path}: the alias ${scheme} has no account`);
    return { ...bucketPlace('azure', `${scheme}://`, after, path), accountUrl: azure.accountUrl };
  }
  if (minio && path.startsWith(`${minio.endpoint}/`)) {
    return bucketPlace('minio', `${minio.endpoint}/`, path.slice(minio.endpoint.length + 1), path);
  }
  if (scheme !== 'http' && scheme !== 'https') {
    const known = ['s3', 'gs', azure.alias, minio?.alias].flatMap((one) => (one === undefined ? [] : [`${one}://`]));
    throw new UsageError(`${path}: there is no such kind of store`, { hint: `these there are: ${known.join(', ')}, https://` });
  }
  const host = `${scheme}://${after.split('/', 1)[0]}`;
  const accountUrl = azure.accountUrl !== undefined && path.startsWith(`${azure.accountUrl}/`) ? azure.accountUrl : host;
  if (accountUrl === azure.accountUrl || AZURE.test(host)) {
    return { ...bucketPlace('azure', `${accountUrl}/`, path.slice(accountUrl.length + 1), path), accountUrl };
  }
  return { kind: 'http', root: `${host}/`, bucket: '', key: path.slice(host.length + 1) };
}

function bucketPlace(kind: Place['kind'], start: string, rest: string, path: string): Place {
  const [bucket = ''] = rest.split('/', 1);
  if (bucket === '') throw new UsageError(`${path}: names no bucket`);
  return { kind, root: `${start}${bucket}/`, bucket, key: rest.slice(bucket.length + 1) };
}

function localPlace(path: string): Place {
  const absolute = resolve(path);
  const { root } = parse(absolute);
  return { kind: 'local', root, bucket: '', key: absolute.slice(root.length).replaceAll(sep, '/') };
}
