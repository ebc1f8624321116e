import { UsageError } from './errors.js';
import { type Certainty, type ReleaseRow, releasesTable } from './releases-table.js';
import { compareBase, parseVersion } from './version.js';

/** A Teams or Enterprise release. Before 2.0.0 its deployment and its SDK have different numbers. */
export interface Release {
  /** As it was called at the time. */
  readonly name: 'Teams' | 'Enterprise';
  readonly deployment: string | undefined;
  readonly sdk: string | undefined;
  /** Its open source compatibility version, which is the version of its database. */
  readonly openSource: string;
  readonly released: string | undefined;
  readonly certainty: Certainty;
  readonly source: string;
}

/** A kind of number that a release has. */
export type NumberLine = 'sdk' | 'deployment' | 'openSource';

/** A release, and which of its numbers were asked for. */
export interface FoundRelease extends Release {
  readonly matched: readonly NumberLine[];
}

const linesOf: Readonly<Record<string, readonly NumberLine[]>> = {
  enterprise: ['sdk', 'deployment'],
  teams: ['sdk', 'deployment'],
  sdk: ['sdk'],
  deployment: ['deployment'],
  'open-source': ['openSource'],
};

const lineNames: Readonly<Record<NumberLine, string>> = { sdk: 'SDK', deployment: 'deployment', openSource: 'open source' };

/** All known releases in ascending order. */
export function allReleases(table: readonly ReleaseRow[] = releasesTable): readonly Release[] {
  return table.map(([deployment, sdk, openSource, released, certainty, source]) => ({
    name: compareBase(deployment || sdk, '2.7.0') < 0 ? 'Teams' : 'Enterprise',
    deployment: deployment || undefined,
    sdk: sdk || undefined,
    openSource,
    released: released || undefined,
    certainty,
    source,
  }));
}

/**
 * The releases with a number: `enterprise:` or `teams:` looks at SDK and deployment numbers, `sdk:`, `deployment:` and
 * `open-source:` at one kind, a number alone at all. @throws UsageError naming the nearest numbers if there is none
 */
export function findReleases(query: string, table: readonly ReleaseRow[] = releasesTable): readonly FoundRelease[] {
  const { lines, version } = parseQuery(query);
  const releases = allReleases(table);
  const found = releases.flatMap((release) => {
    const matched = lines.filter((line) => release[line] !== undefined && compareBase(release[line], version) === 0);
    return matched.length === 0 ? [] : [{ ...release, matched }];
  });
  if (found.length > 0) return found;
  throw new UsageError(`no release is known by the number ${query}; nearest: ${nearest(version, lines, releases).join(', ')}`, {
    hint: 'list all known releases with: fiftyone versions',
  });
}

/**
 * The open source version that a destination means: `enterprise:2.15.0` is 1.12.0, a number alone is itself.
 * @throws UsageError if the release is not known, or has different answers as an SDK and as a deployment
 */
export function openSourceVersionFor(destination: string, table: readonly ReleaseRow[] = releasesTable): string {
  const { lines, version } = parseQuery(destination);
  if (lines.includes('openSource')) return version;
  const found = findReleases(destination, table);
  const [first, ...others] = [...new Set(found.map((release) => release.openSource))] as [string, ...string[]];
  if (others.length === 0) return first;
  const meanings = found.map((release) => `${release.matched[0]}:${version} is open source ${release.openSource}`);
  throw new UsageError(`${destination} can mean two releases: ${[...new Set(meanings)].join(', ')}`, {
    hint: 'say which with the prefix sdk: or deployment:',
  });
}

function parseQuery(query: string): { lines: readonly NumberLine[]; version: string } {
  const colon = query.indexOf(':');
  const version = parseVersion(query.slice(colon + 1)).text;
  if (colon < 0) return { lines: ['sdk', 'deployment', 'openSource'], version };
  const prefix = query.slice(0, colon).trim().toLowerCase();
  const lines = Object.hasOwn(linesOf, prefix) ? linesOf[prefix] : undefined;
  if (lines !== undefined) return { lines, version };
  throw new UsageError(`unknown prefix '${prefix}:'`, { hint: `known are ${Object.keys(linesOf).join(':, ')}:` });
}

/** On every line the next lower and the next higher number, with the name of the line where it matters. */
function nearest(version: string, lines: readonly NumberLine[], releases: readonly Release[]): string[] {
  const labels = lines.flatMap((line) => {
    const numbers = releases.flatMap((release) => release[line] ?? []).sort(compareBase);
    const around = [numbers.findLast((n) => compareBase(n, version) < 0), numbers.find((n) => compareBase(n, version) > 0)];
    return around.flatMap((n) => (n === undefined ? [] : [isShared(n, line) ? n : `${n} (${lineNames[line]})`]));
  });
  return [...new Set(labels)];
}

function isShared(version: string, line: NumberLine): boolean {
  return line !== 'openSource' && compareBase(version, '2.0.0') >= 0;
}

/** A release in one line, e.g. "Teams 0.6.7 (SDK) -> open source 0.14.3 (certain)", led by the number that was asked for. */
export function describeRelease(release: Release | FoundRelease): string {
  const { deployment, sdk } = release;
  const bySdk =
    deployment === undefined ||
    ('matched' in release && !release.matched.includes('deployment') && release.matched.includes('sdk'));
  const number = (bySdk ? sdk : deployment) as string;
  const [line, otherLine, other] = bySdk ? ['SDK', 'deployment', deployment] : ['deployment', 'SDK', sdk];
  const lines = deployment === sdk ? '' : ` (${line}${other === undefined ? '' : `, ${otherLine} ${other}`})`;
  return `${release.name} ${number}${lines} -> open source ${release.openSource} (${release.certainty})`;
}
