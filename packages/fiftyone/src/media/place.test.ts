import { describe, expect, test } from 'vitest';
import { UsageError } from '../errors.js';
import { placeOf } from './place.js';

const SETTINGS = {
  azure: { accountUrl: 'http://127.0.0.1:1/devstore', alias: 'az', login: { kind: 'default' } },
  minio: { endpoint: 'https://minio.example:9000', alias: 'mini', region: undefined, credentials: undefined },
} as const;

describe('a path', () => {
  test.each([
    ['s3://bucket/a/b.png', 's3', 's3://bucket/', 'bucket', 'a/b.png'],
    ['s3://bucket', 's3', 's3://bucket/', 'bucket', ''],
    ['s3://bucket/', 's3', 's3://bucket/', 'bucket', ''],
    ['s3://bucket/a b%20c?d#e', 's3', 's3://bucket/', 'bucket', 'a b%20c?d#e'],
    ['gs://bucket/a', 'gcs', 'gs://bucket/', 'bucket', 'a'],
    ['mini://bucket/a', 'minio', 'mini://bucket/', 'bucket', 'a'],
    ['https://minio.example:9000/bucket/a/b', 'minio', 'https://minio.example:9000/bucket/', 'bucket', 'a/b'],
    ['az://container/a', 'azure', 'az://container/', 'container', 'a'],
    ['http://127.0.0.1:1/devstore/container/a', 'azure', 'http://127.0.0.1:1/devstore/container/', 'container', 'a'],
    ['https://me.blob.core.windows.net/c/a b', 'azure', 'https://me.blob.core.windows.net/c/', 'c', 'a b'],
    ['https://example.com/a/b.png?x=1', 'http', 'https://example.com/', '', 'a/b.png?x=1'],
    ['https://minio.example:90001/bucket/a', 'http', 'https://minio.example:90001/', '', 'bucket/a'],
    ['/data/a b.png', 'local', '/', '', 'data/a b.png'],
    ['/data/../x//y/', 'local', '/', '', 'x/y'],
  ])('%s is of the kind %s', (path, kind, root, bucket, key) => {
    expect(placeOf(path, SETTINGS)).toMatchObject({ kind, root, bucket, key });
  });

  test('of an account of Azure tells where the account is', () => {
    const urlOf = (path: string) => placeOf(path, SETTINGS).accountUrl;
    expect(urlOf('az://container/a')).toBe('http://127.0.0.1:1/devstore');
    expect(urlOf('https://me.blob.core.windows.net/c/a')).toBe('https://me.blob.core.windows.net');
  });

  test('that begins like none that is known is refused, with what there is', () => {
    expect(() => placeOf('ftp://host/a', SETTINGS)).toThrow(UsageError);
    try {
      placeOf('ftp://host/a', SETTINGS);
    } catch (error) {
      expect((error as UsageError).hint).toBe('these there are: s3://, gs://, az://, mini://, https://');
    }
  });

  test('without a bucket is refused', () => {
    for (const path of ['s3://', 's3:///a', 'gs://', 'az:///a', 'https://minio.example:9000/']) {
      expect(() => placeOf(path, SETTINGS)).toThrow('names no bucket');
    }
  });
});
