import { type DatabaseInfo, versionsOf } from '../migrations/info.js';
import type { Edition } from '../settings.js';
import { compareBase, compatibleVersions, openSourceVersion, sdkVersion } from '../version.js';

/** The name of the product, which was FiftyOne Teams before SDK 2.7.0. */
export function productName(version: string): string {
  return compareBase(version, '2.7.0') < 0 ? 'FiftyOne Teams' : 'FiftyOne Enterprise';
}

/**
 * The text of `fiftyone migrate --info`.
 *
 * @param names print the versions of these datasets only, a line each
 */
export function infoText(info: DatabaseInfo, edition: Edition, names: readonly string[] | undefined, json: boolean): string {
  if (names) {
    const versions = versionsOf(info, names);
    if (json) return JSON.stringify(names.map((name, i) => ({ name, version: versions[i] })));
    return versions.map((version) => version ?? 'None').join('\n');
  }
  if (json) {
    const client = { edition, sdkVersion, compatibilityVersion: openSourceVersion, otherCompatibleVersions: compatibleVersions };
    const { version, datasets, nameless } = info;
    return JSON.stringify({ ...client, databaseVersion: version, datasets, nameless }, undefined, 2);
  }
  const client =
    edition === 'open-source'
      ? [`Client version: ${openSourceVersion}`, `Compatible versions: ${compatibleVersions}`, '']
      : [
          `${productName(sdkVersion)} version: ${sdkVersion}`,
          `FiftyOne compatibility version: ${openSourceVersion}`,
          `Other compatible versions: ${compatibleVersions}`,
        ];
  const lines = [...client, `Database version: ${info.version}`];
  if (info.datasets.length > 0) lines.push('', ...table(info));
  return lines.join('\n');
}

function table({ datasets }: DatabaseInfo): string[] {
  const rows: [string, string][] = datasets.map(({ name, version }) => [name, version ?? '']);
  // the head of a column is followed by two blanks at least, as in the original's table
  const width = (column: 0 | 1, head: string) => Math.max(head.length + 2, ...rows.map((row) => row[column].length));
  const [left, right] = [width(0, 'dataset'), width(1, 'version')];
  const line = (name: string, version: string) => `${name.padEnd(left)}  ${version}`.trimEnd();
  return [line('dataset', 'version'), `${'-'.repeat(left)}  ${'-'.repeat(right)}`, ...rows.map((row) => line(...row))];
}
