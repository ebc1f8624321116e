/** A form of the pages, and the content type that names it. */
export interface PageForm {
  readonly form: 'html' | 'json';
  readonly contentType: string;
}

const JSON_V1 = 'application/vnd.pypi.simple.v1+json';
const HTML_V1 = 'application/vnd.pypi.simple.v1+html';

/** In the order of what is given if several are asked for alike: a browser gets plain HTML. */
const FORMS: ReadonlyMap<string, PageForm> = new Map([
  ['text/html', { form: 'html', contentType: 'text/html; charset=utf-8' }],
  [JSON_V1, { form: 'json', contentType: JSON_V1 }],
  ['application/vnd.pypi.simple.latest+json', { form: 'json', contentType: JSON_V1 }],
  [HTML_V1, { form: 'html', contentType: `${HTML_V1}; charset=utf-8` }],
  ['application/vnd.pypi.simple.latest+html', { form: 'html', contentType: `${HTML_V1}; charset=utf-8` }],
]);

/**
 * The form that an Accept header likes best, by its q-values (PEP 691); undefined if it takes none of ours.
 *
 * @param asked the parameter `format` of the address, which wins
 */
export function pageForm(accept: string | undefined, asked?: string): PageForm | undefined {
  if (asked !== undefined) return FORMS.get(asked.toLowerCase());
  const ranges = rangesOf(accept?.trim() || '*/*');
  let [best, most]: [PageForm | undefined, number] = [undefined, 0];
  for (const [type, form] of FORMS) {
    const quality = qualityOf(type, ranges);
    if (quality > most) [best, most] = [form, quality];
  }
  return best;
}

interface MediaRange {
  readonly type: string;
  readonly quality: number;
}

function rangesOf(accept: string): MediaRange[] {
  return accept.split(',').map((part) => {
    const [type = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    const [, given] = parameters.map((text) => /^q=([01](?:\.\d{0,3})?)$/.exec(text)).find((match) => match !== null) ?? [];
    return { type, quality: given === undefined ? 1 : Math.min(Number(given), 1) };
  });
}

/** By the range that says most about this type. */
function qualityOf(type: string, ranges: readonly MediaRange[]): number {
  const fitting = [type, `${type.split('/', 1)[0]}/*`, '*/*'];
  for (const one of fitting) {
    const found = ranges.find((range) => range.type === one);
    if (found !== undefined) return found.quality;
  }
  return 0;
}
