import type { Catalogue, FileRecord } from './catalogue.js';
import { type ListedFile, type Page, projectPage } from './project-page.js';

/** The pages of our projects, made once for each change. Undefined for a project without files. */
export function ownPages(catalogue: Catalogue, base: string): (project: string) => Promise<Page | undefined> {
  const made = new WeakMap<readonly FileRecord[], Page>();
  return async (project) => {
    const files = await catalogue.files(project);
    if (files.length === 0) return undefined;
    let page = made.get(files);
    if (page === undefined) {
      page = projectPage(
        project,
        files.map((file) => listed(file, base)),
      );
      made.set(files, page);
    }
    return page;
  };
}

function listed(
  { _id: name, sha256, requiresPython, size, uploaded, yanked, metadataSha256 }: FileRecord,
  base: string,
): ListedFile {
  return {
    name,
    href: `${base}/packages/${encodeURIComponent(name)}`,
    hashes: { sha256 },
    size,
    uploaded: uploaded.toISOString(),
    ...(requiresPython === undefined ? {} : { requiresPython }),
    ...(yanked === undefined ? {} : { yanked }),
    ...(metadataSha256 === undefined ? {} : { metadata: { sha256: metadataSha256 } }),
  };
}
