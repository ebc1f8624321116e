import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { SettingsError } from './errors.js';

/** Which FiftyOne the database belongs to. */
export type Edition = 'enterprise' | 'open-source';

/** What the user chose, checked; made by {@link readSettings}. */
export interface Settings {
  readonly edition: Edition;
  /** Where the database is; without it the embedded database is used. */
  readonly databaseUri?: string;
  /** Which variable has named it, for messages. Default: FIFTYONE_DATABASE_URI */
  readonly databaseUriFrom?: string;
  readonly databaseName: string;
  /** Whether this client may migrate the database; always true on the embedded one. */
  readonly databaseAdmin: boolean;
  /** Whether the version of the MongoDB server is checked. */
  readonly databaseValidation: boolean;
  /** The folder of the embedded database. */
  readonly databaseDir: string;
  readonly databaseCompressor?: string;
  readonly defaultDatasetDir: string;
  readonly showProgressBars: boolean;
  readonly doNotTrack: boolean;
  readonly timezone?: string;
  readonly disableMigrations: boolean;
  readonly disableServices: boolean;
  /** The MongoDB server program for the embedded database. */
  readonly mongod?: string;
  /** The loopback port of an embedded database that another client started for this process. */
  readonly privateDatabasePort?: number;
  /** Folders in which programs are looked for. */
  readonly searchPath: readonly string[];
  /** The folder for what can be fetched again. */
  readonly cacheDir: string;
}

/** Settings given on the command line; they win over everything else, undefined ones aside. */
export type SettingsFlags = { readonly [K in keyof Settings]?: Settings[K] | undefined };

/** The variables of an environment. */
export type Env = Readonly<Record<string, string | undefined>>;

/** The environment of this process, for what reads more of it than `Settings` holds. */
export function environment(): Env {
  return process.env;
}

const EDITIONS: readonly string[] = ['enterprise', 'open-source'] satisfies Edition[];

/** Settings from flags, environment, config file and defaults, the former winning. @throws SettingsError with all mistakes */
export function readSettings(env: Env = process.env, flags: SettingsFlags = {}): Settings {
  const mistakes: string[] = [];
  const home = env.HOME || homedir();
  const path = (text: string) => resolve(text.replace(/^~(?=\/|\\|$)/, () => home));
  const file = readConfig(path(env.FIFTYONE_CONFIG_PATH || join(home, '.fiftyone', 'config.json')), mistakes);

  /** The value that wins and where it comes from, which a mistake has to name. */
  function given(flag: keyof Settings, key: string): { from: string; value: unknown; isText: boolean } | undefined {
    if (flags[flag] !== undefined) return { from: flag, value: flags[flag], isText: false };
    const name = `FIFTYONE_${key.toUpperCase()}`;
    // As in the real client, an empty variable counts as none.
    if (env[name]) return { from: name, value: env[name], isText: true };
    const value = file.values[key];
    return value === undefined || value === null ? undefined : { from: `${key} in ${file.path}`, value, isText: false };
  }

  function text(flag: keyof Settings, key: string, check?: (value: string) => string | undefined): string | undefined {
    const found = given(flag, key);
    if (found === undefined) return undefined;
    const mistake = typeof found.value === 'string' ? check?.(found.value) : `must be text, not ${kindOf(found.value)}`;
    if (mistake === undefined) return found.value as string;
    mistakes.push(`${found.from} ${mistake}`);
    return undefined;
  }

  function flag(name: keyof Settings, key: string): boolean | undefined {
    const found = given(name, key);
    if (found === undefined) return undefined;
    if (found.isText) return /^(yes|true|1)$/i.test(found.value as string);
    if (typeof found.value === 'boolean') return found.value;
    mistakes.push(`${found.from} must be true or false, not ${kindOf(found.value)}`);
    return undefined;
  }

  const edition = (text('edition', 'edition', editionMistake) ?? 'enterprise') as Edition;
  const databaseUri = text('databaseUri', 'database_uri', uriMistake);
  const databaseAdmin = flag('databaseAdmin', 'database_admin');
  const mongod = text('mongod', 'mongod', emptyMistake);
  const settings = {
    edition,
    databaseUri,
    databaseName: text('databaseName', 'database_name', nameMistake) ?? 'fiftyone',
    databaseAdmin: databaseUri === undefined || (databaseAdmin ?? edition === 'open-source'),
    databaseValidation: flag('databaseValidation', 'database_validation') ?? true,
    databaseDir: path(text('databaseDir', 'database_dir', emptyMistake) ?? '~/.fiftyone/var/lib/mongo'),
    databaseCompressor: text('databaseCompressor', 'database_compressor'),
    defaultDatasetDir: path(text('defaultDatasetDir', 'default_dataset_dir', emptyMistake) ?? '~/fiftyone'),
    showProgressBars: flag('showProgressBars', 'show_progress_bars') ?? true,
    doNotTrack: flag('doNotTrack', 'do_not_track') ?? false,
    timezone: text('timezone', 'timezone'),
    disableMigrations: flags.disableMigrations ?? (env.FIFTYONE_DISABLE_MIGRATIONS || '0') !== '0',
    disableServices: flags.disableServices ?? env.FIFTYONE_DISABLE_SERVICES === '1',
    mongod: mongod === undefined ? undefined : path(mongod),
    privateDatabasePort: flags.privateDatabasePort ?? port('FIFTYONE_PRIVATE_DATABASE_PORT', env, mistakes),
    searchPath: Object.freeze(flags.searchPath ?? (env.PATH ?? '').split(delimiter).filter((folder) => folder !== '')),
    cacheDir: path(flags.cacheDir ?? join(env.XDG_CACHE_HOME || '~/.cache', 'fiftyone')),
  };
  if (mistakes.length > 0) throw new SettingsError(mistakes);
  const known = Object.entries(settings).filter(([, value]) => value !== undefined);
  return Object.freeze(Object.fromEntries(known)) as unknown as Settings;
}

/** The URI as it may be shown: without its password and without options that carry secrets. */
export function redactUri(uri: string): string {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(uri)?.[0] ?? '';
  const [login, place] = splitLogin(uri.slice(scheme.length));
  const user = login === undefined ? '' : `${login.replace(/:.*$/s, ':***')}@`;
  return `${scheme}${user}${place.replace(/([?&][^=&]*(?:password|secret|token|authMechanismProperties)[^=&]*=)[^&]*/gi, '$1***')}`;
}

function splitLogin(rest: string): [string | undefined, string] {
  const proper = /^([^@/?]*)@([^@/?]*(?:[/?].*)?)$/s.exec(rest);
  if (proper) return [proper[1] as string, proper[2] as string];
  // A password that was not percent-encoded can contain anything: only what follows the last @ is surely not part of it.
  const at = rest.lastIndexOf('@');
  return at < 0 ? [undefined, rest] : [rest.slice(0, at), rest.slice(at + 1)];
}

interface ConfigFile {
  readonly path: string;
  readonly values: Readonly<Record<string, unknown>>;
}

function readConfig(path: string, mistakes: string[]): ConfigFile {
  const none = { path, values: {} };
  let text: string;
  try {
    text = readFileSync(path, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    // The real client, too, does without a file that is not there, even if FIFTYONE_CONFIG_PATH names it.
    if (code !== 'ENOENT' && code !== 'ENOTDIR') mistakes.push(`the config file cannot be read: ${message}`);
    return none;
  }
  try {
    const values: unknown = JSON.parse(text);
    if (typeof values === 'object' && values !== null && !Array.isArray(values)) {
      return { path, values: values as Record<string, unknown> };
    }
    mistakes.push(`the config file ${path} must hold a JSON object, not ${kindOf(values)}`);
  } catch (error) {
    mistakes.push(`the config file ${path} is not JSON: ${mistakeIn(text, (error as Error).message)}`);
  }
  return none;
}

/** The message of JSON.parse with line and column; of a wrong token it shows the surroundings instead. */
function mistakeIn(text: string, message: string): string {
  const [, what, offset] = /^(.*?) in JSON at position (\d+)/s.exec(message) ?? [];
  // what the engine says otherwise quotes the text, which may hold a password
  if (what === undefined && !/^Unexpected end/.test(message)) return 'unexpected token';
  const lines = text.slice(0, offset === undefined ? text.length : Number(offset)).split('\n');
  return `${what ?? 'unexpected end'} (line ${lines.length}, column ${(lines.at(-1) as string).length + 1})`;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'string') return 'text';
  return typeof value === 'object' ? 'an object' : typeof value === 'number' ? 'a number' : String(value);
}

function editionMistake(value: string): string | undefined {
  return EDITIONS.includes(value) ? undefined : `must be ${EDITIONS.join(' or ')}, not '${value}'`;
}

function uriMistake(value: string): string | undefined {
  if (/^mongodb(\+srv)?:\/\/[^/?]/.test(value)) return undefined;
  return `must start with mongodb:// or mongodb+srv:// and name a host, not '${redactUri(value)}'`;
}

function nameMistake(value: string): string | undefined {
  if (value === '') return 'must not be empty';
  // https://www.mongodb.com/docs/manual/reference/limits/#naming-restrictions
  const illegal = /[/\\. "$\0]/.exec(value)?.[0];
  if (illegal !== undefined) return `must not contain ${JSON.stringify(illegal)}`;
  return Buffer.byteLength(value) > 63 ? 'must be shorter than 64 bytes' : undefined;
}

function emptyMistake(value: string): string | undefined {
  return value === '' ? 'must not be empty' : undefined;
}

function port(name: string, env: Env, mistakes: string[]): number | undefined {
  const value = env[name];
  if (!value) return undefined;
  if (/^\d{1,5}$/.test(value) && Number(value) > 0 && Number(value) < 65536) return Number(value);
  mistakes.push(`${name} must be a port, not '${value}'`);
  return undefined;
}
