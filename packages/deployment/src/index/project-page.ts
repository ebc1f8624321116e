import { createHash } from 'node:crypto';
import { parseFileName } from './file-name.js';
import { compareVersions } from './project-version.js';

/** A file as the page of its project lists it. */
export interface ListedFile {
  readonly name: string;
  /** Of the file, without a fragment. */
  readonly href: string;
  /** In hex, by algorithm. */
  readonly hashes: Readonly<Record<string, string>>;
  readonly requiresPython?: string;
  readonly size?: number;
  /** As ISO 8601. */
  readonly uploaded?: string;
  /** Why nobody should use it; empty if nobody said why. */
  readonly yanked?: string;
  /** The hashes of its metadata file, if it has one; perhaps none. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A body with its validator. */
export interface Rendered {
  readonly body: string;
  readonly etag: string;
}

/** A page in both forms. */
export interface Page {
  readonly html: Rendered;
  readonly json: Rendered;
}

/** The page of a project: PEP 503 with 592, 658, 714 as HTML, PEP 691 with 700 as JSON. */
export function projectPage(project: string, files: readonly ListedFile[]): Page {
  const links = files.map(htmlLink).join('');
  const fileList = files.map(jsonFile);
  // 1.1 promises sizes, which not every index upstream tells
  const json = files.every(({ size }) => size !== undefined)
    ? { meta: { 'api-version': '1.1' }, name: project, versions: versionsOf(files), files: fileList }
    : { meta: { 'api-version': '1.0' }, name: project, files: fileList };
  return { html: htmlPage(`Links for ${project}`, links), json: rendered(JSON.stringify(json)) };
}

/** The list of all projects. */
export function rootPage(projects: readonly string[], base: string): Page {
  const links = projects.map((name) => `<a href="${base}/simple/${name}/">${name}</a><br>\n`).join('');
  const json = { meta: { 'api-version': '1.1' }, projects: projects.map((name) => ({ name })) };
  return { html: htmlPage('Simple index', links), json: rendered(JSON.stringify(json)) };
}

function htmlPage(title: string, links: string): Rendered {
  const head = `<meta name="pypi:repository-version" content="1.1">\n<title>${escaped(title)}</title>`;
  return rendered(
    `<!DOCTYPE html>\n<html>\n<head>\n${head}\n</head>\n<body>\n<h1>${escaped(title)}</h1>\n${links}</body>\n</html>\n`,
  );
}

function htmlLink({ name, href, hashes, requiresPython, yanked, metadata }: ListedFile): string {
  const [algorithm, digest] = Object.entries(hashes).find(([known]) => known === 'sha256') ?? Object.entries(hashes)[0] ?? [];
  const stated = metadata && (Object.entries(metadata).map(([kind, hash]) => `${kind}=${hash}`)[0] ?? 'true');
  const attributes = {
    href: algorithm === undefined ? href : `${href}#${algorithm}=${digest}`,
    'data-requires-python': requiresPython,
    'data-core-metadata': stated,
    'data-dist-info-metadata': stated,
    'data-yanked': yanked,
  };
  const given = Object.entries(attributes).flatMap(([key, value]) => (value === undefined ? [] : [`${key}="${escaped(value)}"`]));
  return `<a ${given.join(' ')}>${escaped(name)}</a><br>\n`;
}

function jsonFile({ name, href, hashes, requiresPython, size, uploaded, yanked, metadata }: ListedFile) {
  const stated = metadata && (Object.keys(metadata).length > 0 ? metadata : true);
  return {
    filename: name,
    url: href,
    hashes,
    'requires-python': requiresPython,
    size,
    'upload-time': uploaded,
    yanked: yanked === undefined ? undefined : yanked || true,
    'core-metadata': stated,
    'dist-info-metadata': stated,
  };
}

function versionsOf(files: readonly ListedFile[]): string[] {
  const found = files.flatMap(({ name }) => parseFileName(name)?.version ?? []);
  return [...new Set(found)].sort(compareVersions);
}

function rendered(body: string): Rendered {
  return { body, etag: `"${createHash('sha256').update(body).digest('hex').slice(0, 32)}"` };
}

const ENTITIES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => ENTITIES[sign] as string);
}
