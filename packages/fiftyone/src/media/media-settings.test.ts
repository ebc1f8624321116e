import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { readMediaSettings } from './media-settings.js';

describe('the settings of media', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fiftyone-test-media-settings-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const read = (env: Record<string, string>) => readMediaSettings({ HOME: '/nonexistent', ...env });

  test('without any are those of the documentation', () => {
    expect(read({})).toMatchObject({
      cacheDir: '/nonexistent/fiftyone/__cache__',
      cacheSizeBytes: 34_359_738_368,
      s3: { credentials: undefined, endpoint: undefined },
      azure: { login: { kind: 'default' }, alias: undefined },
      minio: undefined,
    });
  });

  test('of the cache come from variables, and then from the file', () => {
    const config = file('cache.json', JSON.stringify({ cache_dir: '/from/file', cache_size_bytes: 5, num_workers: 3 }));
    const env = { FIFTYONE_MEDIA_CACHE_CONFIG_PATH: config, FIFTYONE_MEDIA_CACHE_SIZE_BYTES: '-1' };
    expect(read(env)).toMatchObject({ cacheDir: '/from/file', cacheSizeBytes: Number.POSITIVE_INFINITY, workers: 3 });
  });

  test('of S3 come from variables', () => {
    const env = {
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_SESSION_TOKEN: 'token',
      AWS_DEFAULT_REGION: 'eu-west-1',
    };
    expect(read(env).s3).toMatchObject({
      region: 'eu-west-1',
      credentials: { accessKeyId: 'id', secretAccessKey: 'secret', sessionToken: 'token' },
    });
  });

  test('of S3 come from a profile of a file', () => {
    const config = file(
      'aws.ini',
      '[default]\naws_access_key_id = a\naws_secret_access_key = b\n# a comment\n[profile other]\nregion = us-west-2\naws_access_key_id=c\naws_secret_access_key = d=e\n',
    );
    expect(read({ AWS_CONFIG_FILE: config }).s3.credentials).toEqual({ accessKeyId: 'a', secretAccessKey: 'b' });
    const other = read({ AWS_CONFIG_FILE: config, AWS_PROFILE: 'other' }).s3;
    expect(other).toMatchObject({
      region: 'us-west-2',
      profile: 'other',
      credentials: { accessKeyId: 'c', secretAccessKey: 'd=e' },
    });
  });

  test('of S3 leave roles to the SDK', () => {
    const config = file('role.ini', '[profile r]\nrole_arn = arn:x\naws_access_key_id = c\naws_secret_access_key = d\n');
    expect(read({ AWS_CONFIG_FILE: config, AWS_PROFILE: 'r' }).s3.credentials).toBeUndefined();
  });

  test('of Azure come from a connection string, from variables, or from a profile', () => {
    const connection = 'DefaultEndpointsProtocol=https;AccountName=me;AccountKey=a+b/c==;EndpointSuffix=core.windows.net';
    expect(read({ AZURE_STORAGE_CONNECTION_STRING: connection }).azure).toMatchObject({
      accountUrl: 'https://me.blob.core.windows.net',
      login: { kind: 'key', account: 'me', key: 'a+b/c==' },
    });
    const client = { AZURE_CLIENT_ID: 'i', AZURE_CLIENT_SECRET: 's', AZURE_TENANT_ID: 't', AZURE_STORAGE_ACCOUNT: 'me' };
    expect(read(client).azure.login).toEqual({ kind: 'client', id: 'i', secret: 's', tenant: 't' });
    const ini = file(
      'azure.ini',
      '[prod]\naccount_name = me\nsas_token = sv=1&sig=a%%2Fb\nalias = az\naccount_url = https://x.example/\n',
    );
    expect(read({ AZURE_CREDENTIALS_FILE: ini, AZURE_PROFILE: 'prod' }).azure).toEqual({
      accountUrl: 'https://x.example',
      alias: 'az',
      login: { kind: 'sas', token: 'sv=1&sig=a%2Fb' },
    });
  });

  test('of MinIO come from variables and a profile, which the config file may name', () => {
    const ini = file(
      'minio.ini',
      '[default]\naccess_key = a\nsecret_access_key = b\nendpoint_url = https://m:9000/\nalias = mini\n',
    );
    const config = file('minio.json', JSON.stringify({ minio_config_file: ini }));
    expect(read({ FIFTYONE_MEDIA_CACHE_CONFIG_PATH: config, MINIO_REGION: 'r' }).minio).toEqual({
      endpoint: 'https://m:9000',
      alias: 'mini',
      region: 'r',
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    });
  });

  test('that are wrong are all told at once, and no secret with them', () => {
    const config = file('bad.json', '{ "secret": "hunter2"');
    const env = {
      FIFTYONE_MEDIA_CACHE_CONFIG_PATH: config,
      AWS_CONFIG_FILE: '/no/such/file',
      FIFTYONE_MEDIA_CACHE_SIZE_BYTES: 'big',
      MINIO_ENDPOINT_URL: 'minio:9000',
      MINIO_SECRET_ACCESS_KEY: 'hunter3',
    };
    const message = (() => {
      try {
        read(env);
      } catch (error) {
        return (error as Error).message;
      }
    })();
    for (const part of ['bad.json', '/no/such/file', "'big'", 'endpoint of MinIO']) expect(message).toContain(part);
    expect(message).not.toContain('hunter');
  });
});
