import { allReleases, describeRelease, findReleases, type Release } from '../../releases.js';
import { openSourceVersion, sdkVersion } from '../../version.js';

const columns: readonly [title: string, cell: (release: Release) => string][] = [
  ['name', (release) => release.name],
  ['deployment', (release) => release.deployment ?? ''],
  ['SDK', (release) => release.sdk ?? ''],
  ['open source', (release) => release.openSource],
  ['released', (release) => release.released ?? ''],
  ['certainty', (release) => release.certainty],
  ['source', (release) => release.source],
];

/** The text of `fiftyone versions`: all known releases as a table, or those with a number as one line each. */
export function printVersions(query: string | undefined, json: boolean): string {
  const releases = query === undefined ? allReleases() : findReleases(query);
  if (json) return JSON.stringify(releases, undefined, 2);
  if (query !== undefined) return releases.map(describeRelease).join('\n');
  return `${table(releases)}\n\nThis SDK: ${sdkVersion}, open source ${openSourceVersion}`;
}

function table(releases: readonly Release[]): string {
  const rows = [columns.map(([title]) => title), ...releases.map((release) => columns.map(([, cell]) => cell(release)))];
  const widths = columns.map((_, i) => Math.max(...rows.map((row) => (row[i] as string).length)));
  const lines = rows.map((row) =>
    row
      .map((text, i) => text.padEnd(widths[i] as number))
      .join('  ')
      .trimEnd(),
  );
  return [lines[0], widths.map((width) => '-'.repeat(width)).join('  '), ...lines.slice(1)].join('\n');
}
