import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';
import type { Holder } from './tokens.js';

/** What the handlers of the index find in a request. */
export interface AppEnv {
  Bindings: HttpBindings;
  Variables: { holder: Holder; isForNpm: boolean };
}

export type AppContext = Context<AppEnv>;
