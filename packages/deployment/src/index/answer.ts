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
  if (c.get('isForNpm')) return c.json({ error: text }, status);
  return c.text(`${text}\n`, status);
}
