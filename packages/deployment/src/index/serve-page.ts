import { tell } from './answer.js';
import type { AppContext } from './app-env.js';
import { pageForm } from './page-form.js';
import type { Page } from './project-page.js';

/** Answers with a page in the form that the client likes best, or that it has it already. */
export function servePage(c: AppContext, page: Page): Response {
  const wanted = pageForm(c.req.header('accept'), c.req.query('format'));
  c.header('Vary', 'Accept, Authorization');
  if (wanted === undefined) return tell(c, 406, 'There are HTML and JSON only');
  const { body, etag } = page[wanted.form];
  c.header('ETag', etag);
  // new files show up at once, and asking again costs a few bytes
  c.header('Cache-Control', 'private, no-cache');
  if (hasIt(c.req.header('if-none-match'), etag)) return c.body(null, 304);
  c.header('Content-Type', wanted.contentType);
  c.header('Content-Security-Policy', "default-src 'none'");
  c.header('X-Content-Type-Options', 'nosniff');
  if (c.req.method !== 'HEAD') return c.body(body);
  c.header('Content-Length', String(Buffer.byteLength(body)));
  return c.body(null);
}

/** Whether an If-None-Match header names this validator. */
export function hasIt(header: string | undefined, etag: string): boolean {
  const named = header?.split(',').map((one) => one.trim().replace(/^W\//, '')) ?? [];
  return named.includes(etag) || named[0] === '*';
}
