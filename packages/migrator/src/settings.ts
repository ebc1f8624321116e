import { AdminRequiredError, ConnectionError, readSettings, type Settings, SettingsError } from 'fiftyone';
import { type Env, environment } from 'fiftyone/engine';
import type { DatabaseRole } from './service.js';
import { SERVICES_SETTING } from './third-party.js';

/** Where the databases of a deployment are, and what else its environment says; made by {@link readMigratorSettings}. */
export interface MigratorSettings {
  readonly databases: Readonly<Partial<Record<DatabaseRole, DatabaseSettings>>>;
  /** What is worth a note: a variable that was used under another name, or not used. */
  readonly notes: readonly string[];
}

export interface DatabaseSettings {
  readonly settings: Settings;
  /** The variable that has named the address. */
  readonly uriFrom: string;
}

/** By which variables each database is named. What stands first wins; deployments in the field spell that of CAS in three ways. */
const VARIABLES: Readonly<Record<DatabaseRole, { readonly uri: readonly [string, ...string[]]; readonly name: string }>> = {
  fiftyone: { uri: ['FIFTYONE_DATABASE_URI'], name: 'FIFTYONE_DATABASE_NAME' },
  cas: { uri: ['CAS_DATABASE_URI', 'CAS_MONGODB_URI', 'CAS_MONGO_DB_URI'], name: 'CAS_DATABASE_NAME' },
};

/** Where backups go by default, and the setting that says otherwise. */
const BACKUP_DIR = 'fiftyone-backups';
export const BACKUP_DIR_SETTING = 'FIFTYONE_BACKUP_DIR';

/**
 * The databases that are needed, as the environment names them. None has a default: a migration of the wrong database is no good guess.
 *
 * @throws SettingsError with all that is missing or wrong
 */
export function readMigratorSettings(needed: readonly DatabaseRole[], env: Env = environment()): MigratorSettings {
  const mistakes: string[] = [];
  const notes: string[] = [];
  const databases: Partial<Record<DatabaseRole, DatabaseSettings>> = {};
  for (const role of needed) {
    const { uri, name } = VARIABLES[role];
    const [used, ...unused] = uri.filter((variable) => env[variable]);
    const missing = [...(used === undefined ? [uri[0]] : []), ...(env[name] ? [] : [name])];
    mistakes.push(...missing.map((variable) => `${variable} is missing`));
    if (used === undefined || missing.length > 0) continue;
    if (used !== uri[0]) notes.push(`${used} says where the database of CAS is, since ${uri[0]} is not set`);
    const others = unused.filter((variable) => env[variable] !== env[used]);
    if (others.length > 0) notes.push(`${used} is used; ${others.join(' and ')} names another address`);
    try {
      const settings = readSettings(asFiftyOne(env, used, name));
      databases[role] = { settings: { ...settings, databaseUriFrom: used }, uriFrom: used };
    } catch (error) {
      if (!(error instanceof SettingsError)) throw error;
      mistakes.push(...error.mistakes.map((mistake) => inWordsOf(used, name, mistake)));
    }
  }
  if (mistakes.length > 0) throw new SettingsError([...new Set(mistakes)]);
  return { databases, notes };
}

/** Every database is opened in the same way, whatever its variables are called. What may be done to it another setting decides. */
function asFiftyOne(env: Env, uri: string, name: string): Env {
  return { ...env, FIFTYONE_DATABASE_URI: env[uri], FIFTYONE_DATABASE_NAME: env[name], FIFTYONE_DATABASE_ADMIN: 'true' };
}

function inWordsOf(uri: string, name: string, text: string): string {
  return text.replaceAll('FIFTYONE_DATABASE_URI', uri).replaceAll('FIFTYONE_DATABASE_NAME', name);
}

/** An error of opening a database in terms of the variable that has named it. */
export function connectionErrorOf({ uriFrom }: DatabaseSettings, error: unknown): unknown {
  if (!(error instanceof ConnectionError)) return error;
  // without an address this command does not get as far as that
  const hint = error.hint?.replace('FIFTYONE_DATABASE_URI', uriFrom).replace(/; without a URI .*/, '');
  return new ConnectionError(error.message, { ...(hint === undefined ? {} : { hint }), cause: error });
}

/** Only an admin changes a deployment. @throws AdminRequiredError unless `FIFTYONE_DATABASE_ADMIN` says that this is one */
export function checkAdmin(what: string, env: Env = environment()): void {
  const given = env.FIFTYONE_DATABASE_ADMIN;
  if (/^(yes|true|1)$/i.test(given ?? '')) return;
  const is = given ? `is '${given}'` : 'is not set';
  throw new AdminRequiredError(`only an admin may ${what}, and FIFTYONE_DATABASE_ADMIN ${is}: nothing was touched`, {
    hint: 'assume admin privileges with: export FIFTYONE_DATABASE_ADMIN=true',
  });
}

/** The modules that add services. */
export function servicesSetting(env: Env = environment()): string {
  return env[SERVICES_SETTING] ?? '';
}

/** Whose databases are called so. */
export function rolesCalled(database: string, env: Env = environment()): DatabaseRole[] {
  return (['fiftyone', 'cas'] as const).filter((role) => env[VARIABLES[role].name] === database);
}

/** The setting that names the database in which a migration is proved, for users who may not write to any other. */
export const SCRATCH_SETTING = 'FIFTYONE_SCRATCH_DATABASE';

export function scratchName(env: Env = environment()): string | undefined {
  return env[SCRATCH_SETTING] || undefined;
}

/** The folder of backups, unless the command line names one. */
export function backupFolder(given: string | undefined, env: Env = environment()): string {
  return given ?? (env[BACKUP_DIR_SETTING] || BACKUP_DIR);
}
