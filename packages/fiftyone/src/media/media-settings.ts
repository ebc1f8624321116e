import { readFileSync } from 'node:fs';
import { availableParallelism, homedir } from 'node:os';
import { resolve } from 'node:path';
import { SettingsError } from '../errors.js';
import type { Env } from '../settings.js';
import type { AzureLogin } from './azure-store.js';
import { parseIni } from './ini.js';
import type { S3Settings } from './s3-store.js';

/** Where media is cached, and how each cloud is reached. */
export interface MediaSettings {
  readonly cacheDir: string;
  /** Older files leave the cache when it is larger. Infinite for a size of -1. */
  readonly cacheSizeBytes: number;
  readonly workers: number;
  readonly s3: Pick<S3Settings, 'endpoint' | 'region' | 'credentials' | 'profile'>;
  readonly gcs: { readonly endpoint: string | undefined; readonly keyFile: string | undefined };
  readonly azure: AzureAccount;
  readonly minio: MinioServer | undefined;
}

/** An account of Azure. */
export interface AzureAccount {
  /** Of which `login` is; undefined if it is not bound to one. */
  readonly accountUrl: string | undefined;
  /** With `alias://container/key` a path is in this account. */
  readonly alias: string | undefined;
  readonly login: AzureLogin;
}

/** A server of MinIO. */
export interface MinioServer {
  readonly endpoint: string;
  /** With `alias://bucket/key` a path is on this server. */
  readonly alias: string | undefined;
  readonly region: string | undefined;
  readonly credentials: S3Settings['credentials'];
}

type Section = Readonly<Record<string, string | undefined>>;

/**
 * The settings of media from the variables, profiles and files that FiftyOne Enterprise reads. Variables win over
 * `~/.fiftyone/media_cache_config.json`, and both over profiles.
 *
 * @throws SettingsError with all mistakes
 */
export function readMediaSettings(env: Env): MediaSettings {
  const mistakes: string[] = [];
  const home = env.HOME || homedir();
  const path = (text: string) => resolve(text.replace(/^~(?=\/|\\|$)/, () => home));
  const file = readJson(path(env.FIFTYONE_MEDIA_CACHE_CONFIG_PATH || '~/.fiftyone/media_cache_config.json'), mistakes);
  /** From a variable, or else from the config file. */
  const given = (variable: string, key: string): string | undefined => {
    const value = env[variable] || file[key];
    return value === undefined || value === null || value === '' ? undefined : String(value);
  };
  const section = (place: string | undefined, profile: string, isNamed: boolean): Section => {
    if (place === undefined) return {};
    const sections = readIni(path(place), isNamed, mistakes);
    return sections?.get(profile) ?? sections?.get(`profile ${profile}`) ?? {};
  };

  const number = (variable: string, key: string, otherwise: number): number => {
    const text = given(variable, key);
    if (text === undefined) return otherwise;
    if (/^-?\d+$/.test(text)) return Number(text);
    mistakes.push(`${variable} must be a whole number, not '${text}'`);
    return otherwise;
  };

  const size = number('FIFTYONE_MEDIA_CACHE_SIZE_BYTES', 'cache_size_bytes', 2 ** 35);
  const settings: MediaSettings = {
    cacheDir: path(given('FIFTYONE_MEDIA_CACHE_DIR', 'cache_dir') ?? '~/fiftyone/__cache__'),
    cacheSizeBytes: size < 0 ? Number.POSITIVE_INFINITY : size,
    workers: number('FIFTYONE_MEDIA_CACHE_NUM_WORKERS', 'num_workers', availableParallelism()),
    s3: s3Settings(env, given, section),
    gcs: {
      endpoint: env.STORAGE_EMULATOR_HOST || undefined,
      keyFile: given('GOOGLE_APPLICATION_CREDENTIALS', 'google_application_credentials'),
    },
    azure: azureAccount(env, section(...profileOf(given, 'AZURE_CREDENTIALS_FILE', 'AZURE_PROFILE'))),
    minio: minioServer(env, section(...profileOf(given, 'MINIO_CONFIG_FILE', 'MINIO_PROFILE')), mistakes),
  };
  if (mistakes.length > 0) throw new SettingsError(mistakes);
  return settings;
}

type Given = (variable: string, key: string) => string | undefined;

function profileOf(given: Given, file: string, profile: string): [string | undefined, string, boolean] {
  return [given(file, file.toLowerCase()), given(profile, profile.toLowerCase()) ?? 'default', true];
}

function s3Settings(
  env: Env,
  given: Given,
  section: (place: string, profile: string, isNamed: boolean) => Section,
): MediaSettings['s3'] {
  const profile = given('AWS_PROFILE', 'aws_profile');
  const config = given('AWS_CONFIG_FILE', 'aws_config_file');
  const shared = env.AWS_SHARED_CREDENTIALS_FILE || undefined;
  const found: Section = {
    ...section(config ?? '~/.aws/config', profile ?? 'default', config !== undefined),
    ...section(shared ?? '~/.aws/credentials', profile ?? 'default', shared !== undefined),
  };
  const fromEnv = keys(env.AWS_ACCESS_KEY_ID, env.AWS_SECRET_ACCESS_KEY, env.AWS_SESSION_TOKEN);
  // a profile that assumes a role or asks a program is for the SDK to follow
  const isPlain = !found.role_arn && !found.credential_process;
  const fromFile = isPlain ? keys(found.aws_access_key_id, found.aws_secret_access_key, found.aws_session_token) : undefined;
  return {
    endpoint: env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL || found.endpoint_url,
    region: env.AWS_REGION || env.AWS_DEFAULT_REGION || found.region,
    credentials: fromEnv ?? fromFile,
    profile,
  };
}

function keys(id: string | undefined, secret: string | undefined, token: string | undefined): S3Settings['credentials'] {
  if (!id || !secret) return undefined;
  return { accessKeyId: id, secretAccessKey: secret, ...(token ? { sessionToken: token } : {}) };
}

function azureAccount(env: Env, profile: Section): AzureAccount {
  const connection = connectionString(env.AZURE_STORAGE_CONNECTION_STRING || profile.conn_str);
  const account = env.AZURE_STORAGE_ACCOUNT || profile.account_name || connection.accountname;
  const key = env.AZURE_STORAGE_KEY || profile.account_key || connection.accountkey;
  const sas = profile.sas_token || connection.sharedaccesssignature;
  const suffix = connection.endpointsuffix || 'core.windows.net';
  const ofAccount = account === undefined ? undefined : `https://${account}.blob.${suffix}`;
  const url = env.AZURE_STORAGE_ACCOUNT_URL || profile.account_url || connection.blobendpoint || ofAccount;
  const [id, secret, tenant] = [
    env.AZURE_CLIENT_ID || profile.client_id,
    env.AZURE_CLIENT_SECRET || profile.secret,
    env.AZURE_TENANT_ID || profile.tenant,
  ];
  return {
    accountUrl: url?.replace(/\/+$/, ''),
    alias: env.AZURE_ALIAS || profile.alias,
    login: loginOf(account, key, sas, id, secret, tenant),
  };
}

function loginOf(account?: string, key?: string, sas?: string, id?: string, secret?: string, tenant?: string): AzureLogin {
  if (account && key) return { kind: 'key', account, key };
  if (sas) return { kind: 'sas', token: sas };
  if (id && secret && tenant) return { kind: 'client', tenant, id, secret };
  return { kind: 'default' };
}

/** `AccountName=…;AccountKey=…`: a value may hold further equals signs. */
function connectionString(text: string | undefined): Section {
  const pairs = (text ?? '').split(';').map((pair) => /^\s*([^=]+)=(.*)$/.exec(pair));
  return Object.fromEntries(pairs.flatMap((pair) => (pair ? [[(pair[1] as string).toLowerCase(), pair[2]]] : [])));
}

function minioServer(env: Env, profile: Section, mistakes: string[]): MinioServer | undefined {
  const endpoint = env.MINIO_ENDPOINT_URL || profile.endpoint_url;
  if (!endpoint) return undefined;
  if (!/^https?:\/\/[^/]/.test(endpoint)) mistakes.push('the endpoint of MinIO must start with http:// or https://');
  if (/^[^/]*\/\/[^/]*@/.test(endpoint)) {
    mistakes.push('the endpoint of MinIO must have no login in it: that goes into MINIO_ACCESS_KEY and MINIO_SECRET_ACCESS_KEY');
  }
  return {
    endpoint: endpoint.replace(/\/+$/, ''),
    alias: env.MINIO_ALIAS || profile.alias,
    region: env.MINIO_REGION || profile.region,
    credentials: keys(
      env.MINIO_ACCESS_KEY || profile.access_key,
      env.MINIO_SECRET_ACCESS_KEY || profile.secret_access_key,
      undefined,
    ),
  };
}

function readJson(path: string, mistakes: string[]): Readonly<Record<string, unknown>> {
  const text = readText(path, false, mistakes);
  if (text === undefined) return {};
  try {
    const values: unknown = JSON.parse(text);
    if (typeof values === 'object' && values !== null && !Array.isArray(values)) return values as Record<string, unknown>;
  } catch {
    // what the engine says quotes the text, which may hold a secret
  }
  mistakes.push(`${path} must hold a JSON object`);
  return {};
}

function readIni(path: string, isNamed: boolean, mistakes: string[]): ReturnType<typeof parseIni> | undefined {
  const text = readText(path, isNamed, mistakes);
  return text === undefined ? undefined : parseIni(text);
}

function readText(path: string, mustBe: boolean, mistakes: string[]): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (mustBe || (code !== 'ENOENT' && code !== 'ENOTDIR')) mistakes.push(`${path} cannot be read: ${code}`);
    return undefined;
  }
}
