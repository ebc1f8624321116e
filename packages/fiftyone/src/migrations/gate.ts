import { AdminRequiredError, IncompatibleError } from '../errors.js';
import { baseOf, compareBase, compatibleVersions, isCompatible, openSourceVersion } from '../version.js';

/** Either go on to a version, or do nothing, and why. */
export type Decision = { readonly go: true; readonly to: string } | { readonly go: false; readonly why: string };

const skip = (why: string): Decision => ({ go: false, why });

/** Whether a client may work at a version without migrating to its own. */
function staysAt(head: string, admin: boolean): string | undefined {
  if (!isCompatible(head)) return undefined;
  if (!admin) return `version ${head} is compatible with this client (${compatibleVersions}), and only an admin may migrate it`;
  return compareBase(head, openSourceVersion) > 0
    ? `version ${head} is newer than this client (${openSourceVersion})`
    : undefined;
}

/**
 * Whether the database is to be migrated, and to which version.
 *
 * @param target undefined for this client's own version
 * @throws AdminRequiredError, IncompatibleError
 */
export function gateDatabase(head: string, target: string | undefined, admin: boolean, address?: string): Decision {
  const to = target ?? openSourceVersion;
  const stays = target === undefined ? staysAt(head, admin) : undefined;
  if (head === to) return skip(`the database is at ${to} already`);
  if (stays !== undefined) return skip(stays);
  if (!admin) {
    if (target === undefined) throw incompatible(`database v${head}${address === undefined ? '' : ` at ${address}`}`, head);
    throw adminRequired(`database from v${head} to v${to}`);
  }
  guard(head, to);
  return { go: true, to };
}

/**
 * Whether a dataset is to be migrated, and to which version. To the version of the database no admin is needed.
 *
 * @param head '0.0' for a dataset without a version
 * @param target undefined for the version of the database
 * @throws AdminRequiredError, IncompatibleError
 */
export function gateDataset(
  name: string,
  head: string,
  target: string | undefined,
  databaseVersion: string,
  admin: boolean,
): Decision {
  const to = target ?? databaseVersion;
  const stays = target === undefined ? staysAt(head, admin) : undefined;
  if (head === to) return skip(`the dataset is at ${to} already`);
  if (stays !== undefined) return skip(stays);
  if (!admin && to !== databaseVersion) throw adminRequired(`dataset '${name}' from v${head} to v${to}`);
  guard(head, to);
  return { go: true, to };
}

/** @throws IncompatibleError when this client cannot work with a database at this version */
export function gateConnection(head: string, address: string): void {
  if (!isCompatible(head)) throw incompatible(`database v${head} at ${address}`, head);
}

function guard(head: string, to: string): void {
  const newest = compareBase(head, to) > 0 ? head : to;
  if (compareBase(newest, openSourceVersion) <= 0) return;
  const needed = baseOf(newest);
  throw new IncompatibleError(
    `You must have fiftyone>=${needed} installed in order to migrate from v${baseOf(head)} to v${baseOf(to)}, but this client is compatible with open source ${openSourceVersion}`,
    { hint: `install a newer client; which one it is says: fiftyone versions open-source:${needed}` },
  );
}

function incompatible(what: string, head: string): IncompatibleError {
  const old = compareBase(head, openSourceVersion) < 0;
  return new IncompatibleError(
    `Cannot connect to ${what} with client v${openSourceVersion} (compatibility ${compatibleVersions})`,
    {
      hint: old
        ? 'an admin can upgrade the database with: FIFTYONE_DATABASE_ADMIN=true fiftyone migrate --all'
        : `install a client for this database; which one it is says: fiftyone versions open-source:${head}`,
    },
  );
}

function adminRequired(what: string): AdminRequiredError {
  return new AdminRequiredError(`Cannot migrate ${what} without admin privileges`, {
    hint: 'assume them with: export FIFTYONE_DATABASE_ADMIN=true',
  });
}
