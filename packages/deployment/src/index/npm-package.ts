import { createHash } from 'node:crypto';

/** The part of a packument that installing needs; further fields are passed on. */
export interface Packument {
  readonly name: string;
  readonly 'dist-tags': Readonly<Record<string, string>>;
  readonly versions: Readonly<Record<string, NpmManifest>>;
  readonly [field: string]: unknown;
}

export interface NpmManifest {
  readonly name: string;
  readonly version: string;
  readonly dist: { readonly tarball: string; readonly integrity?: string; readonly shasum?: string };
  readonly [field: string]: unknown;
}

const NAME = /^(?:@[a-z0-9-][a-z0-9._-]*\/)?[a-z0-9-][a-z0-9._-]*$/i;
const VERSION = /^\d+\.\d+\.\d+[0-9a-z.+-]{0,100}$/i;

/** Whether npm would take this as the name of a package. */
export function isNpmName(name: string): boolean {
  return name.length <= 214 && NAME.test(name);
}

export function isNpmVersion(version: unknown): version is string {
  return typeof version === 'string' && VERSION.test(version);
}

/** What the tarball of a version is called. */
export function tarballName(name: string, version: string): string {
  return `${name.slice(name.indexOf('/') + 1)}-${version}.tgz`;
}

/** The digests by which npm knows a tarball. */
export function npmDigests(bytes: Uint8Array): { readonly integrity: string; readonly shasum: string; readonly sha256: string } {
  const digest = (kind: string) => createHash(kind).update(bytes).digest();
  return {
    integrity: `sha512-${digest('sha512').toString('base64')}`,
    shasum: digest('sha1').toString('hex'),
    sha256: digest('sha256').toString('hex'),
  };
}

/** The digests of a manifest in hex, by algorithm. */
export function hashesOfDist({ integrity, shasum }: NpmManifest['dist']): Record<string, string> {
  const [, base64] = /(?:^|\s)sha512-([A-Za-z0-9+/=]{88})/.exec(integrity ?? '') ?? [];
  if (base64 !== undefined) return { sha512: Buffer.from(base64, 'base64').toString('hex') };
  return /^[0-9a-f]{40}$/i.test(shasum ?? '') ? { sha1: shasum as string } : {};
}
