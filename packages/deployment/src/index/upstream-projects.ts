import type { Logger } from 'pino';
import { mayFetch } from './guarded-fetch.js';
import type { UpstreamSettings } from './index-settings.js';
import { type Page, projectPage } from './project-page.js';
import { Refusal } from './refusal.js';
import { linksOfHtml, linksOfJson, type UpstreamFile } from './upstream-links.js';
import type { PageKind } from './upstream-pages.js';

/** A project of another index. */
export interface UpstreamProject {
  readonly page: Page;
  readonly files: ReadonlyMap<string, UpstreamFile>;
}

/** Pages of projects for pip. @param hrefOf where our own page says that a file is */
export function upstreamProjects(
  upstream: UpstreamSettings,
  log: Logger,
  hrefOf: (project: string, file: string) => string,
): PageKind<readonly UpstreamFile[], UpstreamProject> {
  return {
    collection: 'index_upstream_pages',
    accept: 'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.5, text/html;q=0.1',
    path: (project) => `${project}/`,
    read(text, contentType, address) {
      const found = /json/i.test(contentType) ? linksOfJson(text, address) : linksOfHtml(text, address);
      const files = found.filter(({ url }) => mayFetch(upstream, new URL(url)));
      if (files.length === found.length) return files;
      const hosts = [
        ...new Set(
          found
            .map(({ url }) => new URL(url))
            .filter((url) => !mayFetch(upstream, url))
            .map(({ host }) => host),
        ),
      ];
      const said = `The upstream index has files on ${hosts.slice(0, 5).join(', ')}, which FIFTYONE_INDEX_FILE_HOSTS does not name`;
      if (files.length === 0) throw new Refusal(502, said);
      log.warn({ path: address.pathname, left: found.length - files.length }, said);
      return files;
    },
    make(project, files) {
      const listed = files.map(({ url: _, ...file }) => ({ ...file, href: hrefOf(project, file.name) }));
      const page = projectPage(project, listed);
      const made = { page, files: new Map(files.map((file) => [file.name, file])) };
      return { made, size: page.html.body.length + 3 * page.json.body.length };
    },
  };
}
