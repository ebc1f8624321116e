import { openSourceVersionFor } from 'fiftyone';
import { allReleases, compareBase } from 'fiftyone/engine';

/** An Enterprise release that the migrator can go to. */
export interface EnterpriseRelease {
  /** Its number, which is the version of the services that are its own. */
  readonly number: string;
  /** Its open source compatibility version, which is the version of its datasets. */
  readonly openSource: string;
}

/** The first release that the migrator can take every service to. */
export const FIRST_RELEASE = '2.14.0';

/** The releases that the migrator can take every service to, oldest first. */
export const enterpriseReleases: readonly EnterpriseRelease[] = allReleases().flatMap(({ deployment, openSource }) =>
  deployment !== undefined && compareBase(deployment, FIRST_RELEASE) >= 0 ? [{ number: deployment, openSource }] : [],
);

/** The newest release. */
export const newestRelease = enterpriseReleases.at(-1) as EnterpriseRelease;

/** Whether a release is one of those before 2.14.0, of which only the datasets can be migrated. */
export function isBeforeMigrator({ number }: EnterpriseRelease): boolean {
  return compareBase(number, FIRST_RELEASE) < 0;
}

/**
 * The release with a number: of the deployment, or of its SDK where only that has it.
 *
 * @throws UsageError naming the nearest numbers when there is none, or when the number means two releases
 */
export function releaseNumbered(number: string): EnterpriseRelease {
  const openSource = openSourceVersionFor(`enterprise:${number}`);
  const known = enterpriseReleases.find((release) => compareBase(release.number, number) === 0);
  return known ?? { number: number.trim(), openSource };
}

/** The first release whose datasets have this version, or undefined where none is known. */
export function releaseWithDatasetsAt(openSource: string): EnterpriseRelease | undefined {
  const found = allReleases().find((release) => compareBase(release.openSource, openSource) === 0);
  const number = found?.deployment ?? found?.sdk;
  return number === undefined ? undefined : { number, openSource };
}
