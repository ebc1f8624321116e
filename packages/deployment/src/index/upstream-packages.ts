import { mayFetch } from './guarded-fetch.js';
import type { UpstreamSettings } from './index-settings.js';
import { isNpmVersion, type NpmManifest, type Packument, tarballName } from './npm-package.js';
import type { PageKind } from './upstream-pages.js';

/** Packuments of another registry. What it says of files that may not be fetched is left out. */
export function upstreamPackages(upstream: UpstreamSettings): PageKind<Packument, Packument> {
  return {
    collection: 'index_upstream_packuments',
    accept: 'application/vnd.npm.install-v1+json, application/json;q=0.8',
    path: (name) => name.replace('/', '%2f'),
    read(text) {
      const { name, 'dist-tags': tags, versions } = JSON.parse(text) as Packument;
      const fetchable = Object.entries(versions).filter(
        ([version, { dist }]: [string, NpmManifest]) =>
          isNpmVersion(version) && URL.canParse(dist.tarball) && mayFetch(upstream, new URL(dist.tarball)),
      );
      return { name, 'dist-tags': tags, versions: Object.fromEntries(fetchable) };
    },
    make: (_, packument) => ({ made: packument, size: 1000 * Object.keys(packument.versions).length }),
  };
}

/** The manifest whose tarball has this name. */
export function manifestOfTarball({ name, versions }: Packument, file: string): NpmManifest | undefined {
  const version = file.slice(tarballName(name, '').length - '.tgz'.length, -'.tgz'.length);
  return tarballName(name, version) === file && Object.hasOwn(versions, version) ? versions[version] : undefined;
}

/** The packument as we give it out. @param hrefOf where a tarball is */
export function withOurTarballs(packument: Packument, hrefOf: (file: string) => string): Packument {
  const versions = Object.entries(packument.versions).map(([version, manifest]) => {
    const dist = { ...manifest.dist, tarball: hrefOf(tarballName(packument.name, version)) };
    return [version, { ...manifest, dist }];
  });
  return { ...packument, versions: Object.fromEntries(versions) };
}
