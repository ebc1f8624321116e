import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { SettingsError } from './errors.js';
import { readSettings, redactUri } from './settings.js';

let home: string;
beforeAll(() => {
  home = mkdtempSync(join(tmpdir(), 'settings-'));
});
afterAll(() => rmSync(home, { recursive: true }));

function configFile(content: unknown): { HOME: string; FIFTYONE_CONFIG_PATH: string } {
  const path = join(home, 'config.json');
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  return { HOME: home, FIFTYONE_CONFIG_PATH: path };
}

function mistakesOf(env: Record<string, string>, flags = {}): readonly string[] {
  try {
    readSettings(env, flags);
  } catch (error) {
    if (error instanceof SettingsError) return error.mistakes;
    throw error;
  }
  return [];
}

test('without any settings the embedded database in the home folder is used, as admin', () => {
  expect(readSettings({ HOME: home })).toEqual({
    edition: 'enterprise',
    databaseName: 'fiftyone',
    databaseAdmin: true,
    databaseValidation: true,
    databaseDir: join(home, '.fiftyone/var/lib/mongo'),
    defaultDatasetDir: join(home, 'fiftyone'),
    showProgressBars: true,
    doNotTrack: false,
    disableMigrations: false,
    disableServices: false,
    searchPath: [],
    cacheDir: join(home, '.cache/fiftyone'),
  });
});

test('settings cannot be changed', () => {
  expect(Object.isFrozen(readSettings({ HOME: home }))).toBe(true);
});

test('a flag wins over the environment, the environment over the config file', () => {
  const env = configFile({ database_name: 'file', timezone: 'UTC', database_validation: false });
  expect(readSettings(env)).toMatchObject({ databaseName: 'file', timezone: 'UTC', databaseValidation: false });
  const both = { ...env, FIFTYONE_DATABASE_NAME: 'env', FIFTYONE_DATABASE_VALIDATION: 'yes' };
  expect(readSettings(both)).toMatchObject({ databaseName: 'env', timezone: 'UTC', databaseValidation: true });
  expect(readSettings(both, { databaseName: 'flag', timezone: undefined })).toMatchObject({
    databaseName: 'flag',
    timezone: 'UTC',
  });
});

test('an empty variable counts as none', () => {
  const env = { HOME: home, FIFTYONE_DATABASE_URI: '', FIFTYONE_DATABASE_NAME: '', FIFTYONE_DATABASE_VALIDATION: '' };
  expect(readSettings({ ...env, FIFTYONE_DISABLE_MIGRATIONS: '' })).toEqual(readSettings({ HOME: home }));
});

test.each(['yes', 'true', '1', 'TRUE', 'Yes'])('%s in a variable means true', (value) => {
  expect(readSettings({ HOME: home, FIFTYONE_DO_NOT_TRACK: value }).doNotTrack).toBe(true);
});

test.each(['no', 'false', '0', 'on', 'y', 'anything'])('%s in a variable means false', (value) => {
  expect(readSettings({ HOME: home, FIFTYONE_SHOW_PROGRESS_BARS: value }).showProgressBars).toBe(false);
});

test('only the open source edition makes everybody an admin of a shared database', () => {
  const env = { HOME: home, FIFTYONE_DATABASE_URI: 'mongodb://host' };
  expect(readSettings(env).databaseAdmin).toBe(false);
  expect(readSettings({ ...env, FIFTYONE_DATABASE_ADMIN: 'true' }).databaseAdmin).toBe(true);
  expect(readSettings({ ...env, FIFTYONE_EDITION: 'open-source' }).databaseAdmin).toBe(true);
  expect(readSettings({ ...env, FIFTYONE_EDITION: 'open-source', FIFTYONE_DATABASE_ADMIN: 'no' }).databaseAdmin).toBe(false);
});

test('everybody is an admin of the embedded database', () => {
  expect(readSettings({ HOME: home, FIFTYONE_DATABASE_ADMIN: 'false' }).databaseAdmin).toBe(true);
});

test('paths are absolute, with the home folder in place of ~', () => {
  const env = { HOME: home, FIFTYONE_DATABASE_DIR: '~/db', FIFTYONE_MONGOD: 'mongod', XDG_CACHE_HOME: '/cache', PATH: '/a:/b' };
  expect(readSettings(env)).toMatchObject({
    databaseDir: join(home, 'db'),
    mongod: join(process.cwd(), 'mongod'),
    cacheDir: '/cache/fiftyone',
    searchPath: ['/a', '/b'],
  });
});

test('migrations and services can be disabled', () => {
  const env = { HOME: home, FIFTYONE_DISABLE_MIGRATIONS: 'true', FIFTYONE_DISABLE_SERVICES: '1' };
  expect(readSettings(env)).toMatchObject({ disableMigrations: true, disableServices: true });
  const not = { HOME: home, FIFTYONE_DISABLE_MIGRATIONS: '0', FIFTYONE_DISABLE_SERVICES: 'true' };
  expect(readSettings(not)).toMatchObject({ disableMigrations: false, disableServices: false });
});

test('a config file that does not exist, null values and keys of other clients are fine', () => {
  expect(readSettings({ HOME: home, FIFTYONE_CONFIG_PATH: join(home, 'none.json') }).databaseName).toBe('fiftyone');
  expect(readSettings(configFile({ database_name: null, default_app_port: 5151 })).databaseName).toBe('fiftyone');
});

test('all mistakes are reported at once', () => {
  const env = {
    ...configFile({ database_admin: 'false', database_dir: 5, timezone: ['UTC'] }),
    FIFTYONE_EDITION: 'teams',
    FIFTYONE_DATABASE_URI: 'http://user:secret@host',
    FIFTYONE_PRIVATE_DATABASE_PORT: '70000',
  };
  const path = env.FIFTYONE_CONFIG_PATH;
  expect(mistakesOf(env, { databaseName: '' })).toEqual([
    "FIFTYONE_EDITION must be enterprise or open-source, not 'teams'",
    "FIFTYONE_DATABASE_URI must start with mongodb:// or mongodb+srv:// and name a host, not 'http://user:***@host'",
    `database_admin in ${path} must be true or false, not text`,
    'databaseName must not be empty',
    `database_dir in ${path} must be text, not a number`,
    `timezone in ${path} must be text, not a list`,
    "FIFTYONE_PRIVATE_DATABASE_PORT must be a port, not '70000'",
  ]);
});

test.each([
  ['{\n  "a": 1,\n}', 'line 3, column 1'],
  ['{"a": tru}', 'unexpected token'],
  ['{"a": 1', 'line 1, column 8'],
  ['', 'line 1, column 1'],
])(
  'a malformed config file %j is reported with the place of the mistake, as far as that shows nothing of it',
  (content, place) => {
    const env = configFile(content);
    expect(mistakesOf(env)).toEqual([expect.stringContaining(`${env.FIFTYONE_CONFIG_PATH} is not JSON: `)]);
    expect(mistakesOf(env)[0]).toContain(place);
  },
);

test('a config file that is a folder or holds no object is reported', () => {
  expect(mistakesOf({ HOME: home, FIFTYONE_CONFIG_PATH: home })).toEqual([expect.stringContaining('cannot be read')]);
  expect(mistakesOf(configFile('[]'))).toEqual([expect.stringContaining('must hold a JSON object, not a list')]);
});

test.each(['a/b', 'a.b', 'a b', 'a$b', 'a"b', 'a\\b', 'x'.repeat(64)])('%j is no name of a database', (name) => {
  expect(mistakesOf({ HOME: home, FIFTYONE_DATABASE_NAME: name })).toHaveLength(1);
});

test.each([
  ['mongodb://host:27017/db', 'mongodb://host:27017/db'],
  ['mongodb://user:secret@host/db?a=b', 'mongodb://user:***@host/db?a=b'],
  ['mongodb://user@host', 'mongodb://user@host'],
  ['mongodb://user:s@cret@a,b:1/db', 'mongodb://user:***@a,b:1/db'],
  ['mongodb://user:s/cr?et@host/db', 'mongodb://user:***@host/db'],
  ['mongodb://user:secret@host/?appName=a@b', 'mongodb://user:***@host/?appName=a@b'],
  ['mongodb://h/?tlsCertificateKeyFilePassword=secret&x=1', 'mongodb://h/?tlsCertificateKeyFilePassword=***&x=1'],
  ['mongodb://h/?x=1&authMechanismProperties=AWS_SESSION_TOKEN:secret', 'mongodb://h/?x=1&authMechanismProperties=***'],
  ['user:secret@host', 'user:***@host'],
])('%s is shown as %s', (uri, shown) => {
  expect(redactUri(uri)).toBe(shown);
});
