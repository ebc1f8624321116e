import { createMiddleware } from 'hono/factory';
import { tell } from './answer.js';
import type { AppContext, AppEnv } from './app-env.js';
import type { Audit } from './audit.js';
import type { BadAttempts } from './bad-attempts.js';
import { tokenIn } from './credentials.js';
import type { BadToken, Right, Tokens } from './tokens.js';

export interface Door {
  readonly tokens: Tokens;
  readonly audit: Audit;
  readonly attempts: BadAttempts;
  /** Where a request comes from, as far as the proxies before us are trusted. */
  readonly addressOf: (c: AppContext) => string;
}

const SAID: Readonly<Record<BadToken | 'none', string>> = {
  none: 'A token is needed: copy the install command from the App again',
  unknown: 'This token is not known: copy the install command from the App again',
  expired: 'This token has expired: copy the install command from the App again',
  revoked: 'This token was revoked: copy the install command from the App again',
};

/**
 * Lets through who has a good token. Anything else is told so with 401, which is what makes pip say that the credentials are
 * wrong. An address with many bad attempts still gets in with a good token, so that one colleague cannot lock out the others.
 */
export function authorise({ tokens, audit, attempts, addressOf }: Door) {
  return createMiddleware<AppEnv>(async (c, next) => {
    const token = tokenIn(c.req.header('authorization'));
    const holder = token === undefined ? 'none' : await tokens.check(token);
    if (typeof holder === 'string') return await refused(c, holder);
    await tokens.used(holder.id);
    c.set('holder', holder);
    return await next();
  });

  async function refused(c: AppContext, why: BadToken | 'none'): Promise<Response> {
    const challenge = c.get('isForNpm') ? 'Bearer realm="FiftyOne packages"' : 'Basic realm="FiftyOne packages", charset="UTF-8"';
    c.header('WWW-Authenticate', challenge);
    // clients that learn of the login by being asked for it have done nothing bad
    if (why === 'none') return tell(c, 401, SAID.none);
    const address = addressOf(c);
    // without Retry-After: pip would wait in silence
    if (attempts.add(address)) return tell(c, 429, 'Too many bad tokens from this address: wait a minute');
    await audit({ action: 'token refused', address, what: c.req.method, why });
    return tell(c, 401, SAID[why]);
  }
}

/** Lets through whose token has a right. */
export function withRight(right: Right, { audit, addressOf }: Door) {
  return createMiddleware<AppEnv>(async (c, next) => {
    const { id, rights } = c.get('holder');
    if (rights.includes(right)) return await next();
    await audit({ action: 'right missing', by: id, address: addressOf(c), what: right });
    return tell(c, 403, `This token has no right to ${right}`);
  });
}
