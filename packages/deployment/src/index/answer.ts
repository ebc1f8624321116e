import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { AppContext } from './app-env.js';

/**
 * Answers with a text for people, which is the reason phrase too: of a failed download pip shows nothing else. For npm it is
 * JSON, of which npm shows the `error`.
 */
export function tell(c: AppContext, status: ContentfulStatusCode, text: string): Response {
  // a reason phrase has one line of plain letters
  c.env.outgoing.statusMessage = text.replace(/[^\x20-\x7e]+/g, '?').slice(0, 300);
  c.header('Cache-Control', 'no-store');
  if (isForNpm(c)) return c.json({ error: text }, status);
  return c.text(`${text}\n`, status);
}

/** Whether npm asks. */
export function isForNpm(c: AppContext): boolean {
  return /\/npm(\/|$)/.test(c.req.path);
}
