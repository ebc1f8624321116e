import { createHash, randomBytes, randomUUID, timingSafeEqual } from 'node:crypto';
import { UsageError } from 'fiftyone';
import type { Collection, Db } from 'mongodb';
import type { BadToken, Holder, Right, Tokens } from './tokens.js';

/** What is kept of a token: never the token. */
interface TokenRecord {
  readonly _id: string;
  /** SHA-256 of the token. */
  readonly hash: Buffer;
  readonly kind: string;
  /** Whose it is, for people. */
  readonly label: string;
  readonly rights: readonly Right[];
  readonly created: Date;
  readonly expires?: Date;
  readonly revoked?: Date;
  readonly lastUsed?: Date;
}

/** A token as it may be shown. */
export type TokenInfo = Omit<TokenRecord, '_id' | 'hash'> & { readonly id: string };

export interface NewToken {
  readonly kind: string;
  readonly label: string;
  /** Default: read */
  readonly rights?: readonly Right[];
  /** Default: never */
  readonly expires?: Date;
  /** A token that people have already, such as that of an organisation. Default: a new one */
  readonly token?: string;
}

export interface TokenStore extends Tokens {
  /** @returns the token, which cannot be read again */
  create(token: NewToken): Promise<{ readonly id: string; readonly token: string }>;
  /**
   * Gives the same holder another token with the same rights.
   *
   * @param graceMs how long the old one stays good. Default: not at all
   * @throws UsageError if there is no such token, or it is revoked
   */
  rotate(id: string, graceMs?: number): Promise<{ readonly id: string; readonly token: string }>;
  /** From now on the token is refused, by other processes within a second. @returns whether there was one that was not revoked */
  revoke(id: string): Promise<boolean>;
  list(): Promise<TokenInfo[]>;
}

const COLLECTION = 'index_tokens';
/** For how long another process may not yet know of a revocation. */
const FRESH_MS = 1000;
const MOST_FRESH = 10_000;

const USED_EVERY_MS = 60_000;

/** How new tokens look. They go into URLs as a user name, so they have no other signs. */
export const TOKEN_FORM = /fo_[A-Za-z0-9_-]{43}/g;

/** The tokens of a database. It holds their hashes only. */
export async function tokenStore(db: Db, now: () => Date = () => new Date()): Promise<TokenStore> {
  const tokens: Collection<TokenRecord> = db.collection(COLLECTION, { promoteBuffers: true });
  await tokens.createIndex({ hash: 1 }, { unique: true });
  const noted = new Map<string, number>();
  const fresh = new Map<string, { record: TokenRecord; until: number }>();

  let changes = 0;
  const forget = () => {
    fresh.clear();
    changes++;
  };

  /** What is known is not asked again for a moment; what was not known is. */
  const recordOf = async (hash: Buffer): Promise<TokenRecord | undefined> => {
    const key = hash.toString('base64');
    const known = fresh.get(key);
    if (known !== undefined && performance.now() < known.until) return known.record;
    const before = changes;
    const record = (await tokens.findOne({ hash })) ?? undefined;
    if (changes !== before) return record;
    if (fresh.size >= MOST_FRESH) fresh.clear();
    if (record === undefined) fresh.delete(key);
    else fresh.set(key, { record, until: performance.now() + FRESH_MS });
    return record;
  };

  const create = async ({ kind, label, rights = ['read'], expires, token = newToken() }: NewToken) => {
    const record = { _id: randomUUID(), hash: hashOf(token), kind, label, rights, created: now() };
    await tokens.insertOne(expires === undefined ? record : { ...record, expires }).catch((error) => {
      if (error.code === 11000) throw new UsageError('this token is in use already');
      throw error;
    });
    return { id: record._id, token };
  };

  return {
    create,
    async check(token): Promise<Holder | BadToken> {
      const hash = hashOf(token);
      const found = await recordOf(hash);
      // the look-up compares hashes, whose bytes nobody can choose; this does not depend on how it does so
      if (found === undefined || !timingSafeEqual(found.hash, hash)) return 'unknown';
      if (found.revoked !== undefined) return 'revoked';
      if (found.expires !== undefined && found.expires <= now()) return 'expired';
      return { kind: found.kind, id: found._id, rights: found.rights };
    },
    async used(id) {
      const time = now().getTime();
      if (time - (noted.get(id) ?? Number.NEGATIVE_INFINITY) < USED_EVERY_MS) return;
      noted.set(id, time);
      await tokens.updateOne({ _id: id }, { $max: { lastUsed: new Date(time) } });
    },
    async rotate(id, graceMs = 0) {
      const old = await tokens.findOne({ _id: id });
      if (old === null || old.revoked !== undefined) throw new UsageError(`there is no token ${id} that is not revoked`);
      const { kind, label, rights, expires } = old;
      const made = await create({ kind, label, rights, ...(expires === undefined ? {} : { expires }) });
      const end = new Date(now().getTime() + graceMs);
      await tokens.updateOne({ _id: id }, graceMs > 0 ? { $min: { expires: end } } : { $set: { revoked: end } });
      forget();
      return made;
    },
    async revoke(id) {
      const { modifiedCount } = await tokens.updateOne({ _id: id, revoked: { $exists: false } }, { $set: { revoked: now() } });
      forget();
      return modifiedCount === 1;
    },
    async list() {
      const found = await tokens
        .find({}, { projection: { hash: 0 } })
        .sort({ created: 1, _id: 1 })
        .toArray();
      return found.map(({ _id, ...info }) => ({ id: _id, ...info }));
    },
  };
}

function newToken(): string {
  return `fo_${randomBytes(32).toString('base64url')}`;
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
