import type { ListedFile } from './project-page.js';

/** A file as the page of another index lists it, and where it is. */
export type UpstreamFile = Omit<ListedFile, 'href'> & { readonly url: string };

/** What a file may be called: it becomes part of paths and pages. */
const NAME = /^(?!\.{1,2}$)[^/\\\p{Cc}"<>]{1,240}$/u;
const HASH = /^[0-9a-f]{32,128}$/i;
const PLAIN = /^[^\p{Cc}]{1,1000}$/u;

/** The files on a page in JSON (PEP 691). What is not as it should be is left out. */
export function linksOfJson(text: string, page: URL): UpstreamFile[] {
  const { files } = JSON.parse(text) as { files?: unknown };
  if (!Array.isArray(files)) throw new Error('it has no list of files');
  return files.flatMap((file: Record<string, unknown>) => {
    const size = Number.isSafeInteger(file.size) ? (file.size as number) : undefined;
    const uploaded = typeof file['upload-time'] === 'string' && PLAIN.test(file['upload-time']) ? file['upload-time'] : undefined;
    const yanked = file.yanked === true ? '' : typeof file.yanked === 'string' ? file.yanked : undefined;
    const metadata = file['core-metadata'] ?? file['dist-info-metadata'];
    return checked(page, file.filename, file.url, {
      hashes: hashesOf(file.hashes),
      requiresPython: textOf(file['requires-python']),
      ...{ size, uploaded, yanked },
      metadata: metadata === true ? {} : metadata ? hashesOf(metadata) : undefined,
    });
  });
}

/** The files on a page in HTML (PEP 503). */
export function linksOfHtml(text: string, page: URL): UpstreamFile[] {
  const [, base] = /<base\s[^>]*href\s*=\s*["']([^"']*)["']/i.exec(text) ?? [];
  const from = base !== undefined && URL.canParse(base, page.href) ? new URL(base, page) : page;
  return [...text.matchAll(/<a\s([^>]*)>([^<]*)<\/a>/gi)].flatMap(([, attributes = '', label = '']) => {
    const given = attributesOf(attributes);
    const [href = '', fragment = ''] = (given.get('href') ?? '').split('#');
    const metadata = given.get('data-core-metadata') ?? given.get('data-dist-info-metadata');
    return checked(from, unescaped(label).trim(), href, {
      hashes: hashIn(fragment),
      requiresPython: textOf(given.get('data-requires-python')),
      yanked: given.get('data-yanked'),
      metadata: metadata === undefined ? undefined : hashIn(metadata),
    });
  });
}

type Loose<T> = { [K in keyof T]: T[K] | undefined };

function checked(page: URL, name: unknown, url: unknown, rest: Loose<Omit<UpstreamFile, 'name' | 'url'>>): UpstreamFile[] {
  if (typeof name !== 'string' || !NAME.test(name) || typeof url !== 'string' || !URL.canParse(url, page.href)) return [];
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  return [{ name, url: new URL(url, page).href, ...given } as UpstreamFile];
}

function hashesOf(value: unknown): Record<string, string> {
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return Object.fromEntries(
    entries.filter(([kind, hash]) => /^[a-z0-9_]+$/.test(kind) && typeof hash === 'string' && HASH.test(hash)),
  );
}

function hashIn(text: string): Record<string, string> {
  const [, kind = '', hash = ''] = /^([a-z0-9_]+)=([0-9a-f]+)$/i.exec(text) ?? [];
  return hashesOf({ [kind]: hash });
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && PLAIN.test(value) ? value : undefined;
}

function attributesOf(text: string): Map<string, string> {
  const found = text.matchAll(/([a-z-]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'))?/gi);
  return new Map([...found].map(([, key = '', double, single]) => [key.toLowerCase(), unescaped(double ?? single ?? '')]));
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescaped(text: string): string {
  return text.replace(/&(?:#(\d{1,6})|#x([0-9a-f]{1,6})|([a-z]+));/gi, (whole, decimal, hex, name) => {
    if (name !== undefined) return ENTITIES[name] ?? whole;
    const code = decimal === undefined ? Number.parseInt(hex, 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}
