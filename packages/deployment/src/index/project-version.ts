import { compare, explain } from '@renovatebot/pep440';

/** The one form of a version (PEP 440), as in the names of wheels; undefined if it is none. */
export function normaliseVersion(version: string): string | undefined {
  const parts = explain(version);
  if (!parts) return undefined;
  return parts.local ? `${parts.public}+${parts.local}` : parts.public;
}

/** Orders versions, the older ones first. */
export function compareVersions(a: string, b: string): number {
  return compare(a, b);
}
