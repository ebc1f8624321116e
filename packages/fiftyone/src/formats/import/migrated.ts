import { ObjectId, type ReadonlyDoc } from '../../bson/index.js';
import type { Connection } from '../../database/connection.js';
import { ImportError, IncompatibleError } from '../../errors.js';
import { gateDataset } from '../../migrations/gate.js';
import { pathBetween } from '../../migrations/path.js';
import { type DatasetPlan, planDataset } from '../../migrations/plan.js';
import type { DatasetRecord } from '../../migrations/revision.js';
import { kindOf } from '../../migrations/shape.js';
import { baseOf, compareBase, isVersion, openSourceVersion } from '../../version.js';

/** Checks that an export is not newer than what it goes into. @throws IncompatibleError, ImportError for what is no version */
export function checkVersion(path: string, metadata: ReadonlyDoc, databaseVersion: string): void {
  const version = metadata.get('version');
  if (typeof version !== 'string' || !isVersion(version)) {
    const found = typeof version === 'string' ? JSON.stringify(version) : kindOf(version);
    throw new ImportError(
      path,
      [`metadata.json: version is ${found}, expected one such as "${openSourceVersion}"`],
      'is it an export of a dataset, and not of something else?',
    );
  }
  if (compareBase(version, openSourceVersion) > 0) {
    throw new IncompatibleError(
      `cannot import ${path}: it was exported by FiftyOne ${version}, and this client knows formats up to ${openSourceVersion}`,
      { hint: `install a newer client; which one it is says: fiftyone versions open-source:${baseOf(version)}` },
    );
  }
  if (compareBase(version, databaseVersion) > 0) {
    throw new IncompatibleError(
      `cannot import ${path}: it was exported by FiftyOne ${version}, and the database is at ${databaseVersion}`,
      { hint: 'upgrade the database first, as an admin: fiftyone migrate --all' },
    );
  }
}

/** Plans the way of a dataset that is not stored yet to the version of the database. @returns undefined if there is nothing to do */
export function planMigration(
  { settings }: Connection,
  record: DatasetRecord,
  databaseVersion: string,
  now: number,
  warn: (message: string) => void,
): DatasetPlan | undefined {
  if (settings.disableMigrations) return undefined;
  const from = record.dataset.get('version') as string;
  const decision = gateDataset(String(record.dataset.get('name')), from, undefined, databaseVersion, settings.databaseAdmin);
  if (!decision.go) return undefined;
  return planBetween(record, from, decision.to, now, warn);
}

/** Plans the way of a dataset that is not stored, from one version to another. */
export function planBetween(
  record: DatasetRecord,
  from: string,
  to: string,
  now: number,
  warn: (message: string) => void,
): DatasetPlan {
  const { direction, path } = pathBetween(from, to, false);
  // its name and slug are free, which was looked up already
  const nobody = { has: () => false };
  return planDataset(record, to, direction, path, () => ({
    now: { ms: now, micros: 0 },
    others: { names: nobody, slugs: nobody },
    newId: () => new ObjectId(),
    warn,
  }));
}
