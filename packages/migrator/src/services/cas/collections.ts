import type { ObjectId } from 'fiftyone/engine';
import { indexOn } from '../../indexes.js';

/**
 * The collections of the authentication service as they are today, in our own terms: the names of fields are those of its public
 * interface. What older releases have instead is in `revisions/`.
 */

/** What somebody may do at most. A LABELER may tag and label; a GUEST may only view. LABELER is known since 2.17.0. */
export type Role = 'ADMIN' | 'MEMBER' | 'COLLABORATOR' | 'LABELER' | 'GUEST' | 'DEMO';

export const ROLES: readonly Role[] = ['ADMIN', 'MEMBER', 'COLLABORATOR', 'LABELER', 'GUEST', 'DEMO'];

export interface Organization {
  _id: ObjectId;
  name: string;
  displayName: string;
  logoUrl: string | null;
  /** What the package index asks for; one per organization. */
  pypiToken: string | null;
  isDefault: boolean;
  createdAt: Date;
}

export interface User {
  _id: ObjectId;
  email: string;
  name: string;
  picture: string | null;
  createdAt: Date;
}

/** How a user signs in: one per identity provider. */
export interface Account {
  _id: ObjectId;
  userId: ObjectId;
  provider: string;
  providerAccountId: string;
  createdAt: Date;
  /** Since 2.17.0. */
  lastUpdatedAt: Date | null;
}

/** A user's place in an organization. */
export interface Membership {
  _id: ObjectId;
  orgId: ObjectId;
  userId: ObjectId;
  role: Role;
  createdAt: Date;
}

/** An identity without a person: API keys only, no sign-in. Since 2.18.0. */
export interface ServiceAccount {
  _id: ObjectId;
  orgId: ObjectId;
  name: string;
  role: Role;
  description: string | null;
  createdAt: Date;
}

/** Who may act: a user or, since 2.18.0, a service account. */
export interface Principal {
  kind: 'user' | 'service_account';
  id: ObjectId;
}

export interface Group {
  _id: ObjectId;
  orgId: ObjectId;
  name: string;
  slug: string;
  description: string | null;
  createdAt: Date;
  createdBy: ObjectId | null;
  /** Before 2.18.0: `userIds`. */
  principals: Principal[];
}

export interface Invitation {
  _id: ObjectId;
  orgId: ObjectId;
  inviteeEmail: string;
  inviteeRole: Role;
  url: string;
  createdAt: Date;
  expiresAt: Date;
}

export interface ApiKey {
  _id: ObjectId;
  name: string;
  /** Of the secret, which was shown once. */
  hash: string;
  createdAt: Date;
  /** Before 2.18.0: `userId`. */
  principal: Principal | null;
}

export interface Session {
  _id: ObjectId;
  userId: ObjectId;
  sessionToken: string;
  expires: Date;
}

/** How people sign in. Providers' secrets and the texts of hooks are nobody's to rewrite. */
export interface AuthConfig {
  _id: ObjectId;
  authenticationProviders: object[];
  /** In seconds; more than 120. */
  sessionTtl: number;
  jsHookEnabled: boolean;
  jsHook: string | null;
  skipSignInPage: boolean;
}

/** Something that was done. Entries are never changed, whatever their release would call things today. */
export interface AuditEntry {
  _id: ObjectId;
  at: Date;
  actor: ObjectId | null;
  action: string;
  details: object;
}

/** How many of each role there were on a day. */
export interface UsageCount {
  _id: ObjectId;
  day: Date;
  admins: number;
  members: number;
  collaborators: number;
  guests: number;
  /** Since 2.19.0; null for days on which nobody counted them. */
  labelers: number | null;
  serviceAccounts: number | null;
}

export const collections = [
  ...['organizations', 'users', 'accounts', 'memberships', 'service_accounts', 'groups', 'invitations'],
  ...['api_keys', 'sessions', 'auth_config', 'audit', 'usage'],
];

/** The indexes that the first release has. */
export const firstIndexes = [
  indexOn('users', ['email'], true),
  indexOn('accounts', ['provider', 'providerAccountId'], true),
  indexOn('memberships', ['orgId', 'userId'], true),
  indexOn('groups', ['orgId', 'slug'], true),
  indexOn('api_keys', ['hash']),
  indexOn('sessions', ['sessionToken'], true),
  indexOn('audit', ['at']),
];

/** One name, one service account. Since 2.18.0. */
export const serviceAccountNames = indexOn('service_accounts', ['orgId', 'name'], true);
