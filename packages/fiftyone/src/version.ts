import { compare, explain, satisfies } from '@renovatebot/pep440';
import { UsageError } from './errors.js';
import { remembered } from './remembered.js';

/** The version of this SDK, in Enterprise numbers. */
export const sdkVersion = '2.25.1';

/** The open source version that this SDK stands for: databases and datasets carry this number. */
export const openSourceVersion = '1.22.1';

/** The database versions that this SDK works with, as a PEP 440 specifier. */
export const compatibleVersions = '>=0.19,<2';

/** What a dataset without a version counts as. */
export const missingVersion = '0.0';

/** A parsed version: PEP 440, of which only epoch and release count when versions are compared. */
export interface Version {
  /** As given, without surrounding blanks. */
  readonly text: string;
  /** Epoch and release numbers only: `1.0.0rc1` is `1.0.0`, `v1.0` is `1.0`. */
  readonly base: string;
}

/** Thousands of datasets have the same few versions. */
const explained = remembered(explain);

/** Parses a PEP 440 version. @throws UsageError if it is none */
export function parseVersion(given: string): Version {
  const text = given.trim();
  const parsed = explained(text);
  if (parsed === null) {
    throw new UsageError(`Invalid version: '${given}'`, { hint: `give a version such as ${openSourceVersion}` });
  }
  return { text, base: parsed.base_version };
}

/** Whether a text is a PEP 440 version. */
export function isVersion(text: string): boolean {
  return explained(text.trim()) !== null;
}

/** The version without its suffixes: `1.0.0rc1` is `1.0.0`. @throws UsageError if it is none */
export function baseOf(version: string): string {
  return parseVersion(version).base;
}

/** Compares two versions by epoch and release; suffixes (`rc1`, `.post1`, `+local`) and trailing zeros make no difference. */
export function compareBase(a: string, b: string): number {
  return comparedWith(a)(b);
}

const comparedWith = remembered((a) => remembered((b) => compare(baseOf(a), baseOf(b))));

/** Whether a database or dataset of this version can be used by this SDK as it is. What is no version is not compatible. */
export function isCompatible(version: string): boolean {
  return compatible(version.trim());
}

const compatible = remembered((text) => isVersion(text) && satisfies(text, compatibleVersions, { prereleases: true }));
