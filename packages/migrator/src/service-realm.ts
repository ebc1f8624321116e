import { AdminRequiredError, IncompatibleError, MalformedError, UsageError } from 'fiftyone';
import { compareBase, type Decision, isVersion, pathOf, type Realm, type Revision, select } from 'fiftyone/engine';
import { newestRelease } from './releases.js';
import { readService, SERVICES } from './service-record.js';

/** Where the engine notes what it did to services. */
export const SERVICES_JOURNAL = 'migrations.journal.services';

/** What the engine has to know to migrate a service like a dataset: its document plays the dataset's, its collections the samples. */
export function serviceRealm(revisions: readonly Revision[]): Realm {
  const sorted = [...revisions].sort((a, b) => compareBase(a.version, b.version));
  const twice = sorted.find(({ version }, i) => i > 0 && compareBase(version, (sorted[i - 1] as Revision).version) === 0);
  if (twice) throw new UsageError(`there are two revisions of release ${twice.version}`);
  const byVersion = new Map(sorted.map((revision) => [revision.version, revision]));
  return {
    noun: 'service',
    records: SERVICES,
    work: 'migrations.work.services',
    attic: 'migrations.attic.services',
    journal: SERVICES_JOURNAL,
    revisions: byVersion,
    pathBetween(from, to) {
      const { direction, versions } = select(from, to, [...byVersion.keys()]);
      const chosen = versions.map((version) => byVersion.get(version)).filter((revision) => revision !== undefined);
      return { direction, path: pathOf(chosen, direction) };
    },
    gate: (name, head, target, _, admin) => gateService(name, head, target ?? head, admin),
    reader: (db) => (id) => readService(db, id),
    command: (name, to) => `fiftyone-migrator migrate ${to} --include ${name}`,
  };
}

/** Whether a service is to be migrated. @throws AdminRequiredError, IncompatibleError, MalformedError */
export function gateService(name: string, head: string, to: string, admin: boolean): Decision {
  checkVersion(name, head);
  if (head === to) return { go: false, why: `the service is at ${to} already` };
  if (!admin) {
    throw new AdminRequiredError(`Cannot migrate service '${name}' from v${head} to v${to} without admin privileges`, {
      hint: 'assume them with: export FIFTYONE_DATABASE_ADMIN=true',
    });
  }
  return { go: true, to };
}

/** @throws MalformedError for what is no version, IncompatibleError for one that is newer than this migrator */
export function checkVersion(name: string, version: unknown): asserts version is string {
  if (typeof version !== 'string' || !isVersion(version))
    throw new MalformedError(
      `version of service '${name}'`,
      JSON.stringify(version),
      `a release such as "${newestRelease.number}"`,
    );
  if (compareBase(version, newestRelease.number) <= 0) return;
  throw new IncompatibleError(
    `service '${name}' is at v${version}, and this migrator knows releases up to ${newestRelease.number}`,
    {
      hint: `install a fiftyone-migrator of release ${version} or later, or leave the service out with: --exclude ${name}`,
    },
  );
}
