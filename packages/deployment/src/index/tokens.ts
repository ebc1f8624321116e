/** What a token lets its holder do with the index. */
export type Right = 'read' | 'upload';

/** The holder of a token that is good. */
export interface Holder {
  /** Whose token it is: of an organisation, a user or a service account. */
  readonly kind: string;
  /** Of the token; not a secret. */
  readonly id: string;
  readonly rights: readonly Right[];
}

/** Why a token is not good. */
export type BadToken = 'unknown' | 'expired' | 'revoked';

/** Who tells good tokens from bad ones. */
export interface Tokens {
  check(token: string): Promise<Holder | BadToken>;
  /** Notes that a token was used. Cheap: it may be called with every request. */
  used(id: string): Promise<void>;
}
