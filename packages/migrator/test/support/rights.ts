import type { Db, Document } from 'mongodb';
import { compareBase } from '../../../fiftyone/src/version.js';

/** What each role may do with a dataset at most. */
const CAPS: Readonly<Record<string, number>> = { GUEST: 1, LABELER: 2, COLLABORATOR: 3, MEMBER: 4, ADMIN: 5 };
const LEVELS = ['NO_ACCESS', 'VIEW', 'TAG', 'EDIT', 'MANAGE'];

/** Who may do what, line by line, as services of a release read their collections: what they do not know they overlook. */
export async function rightsAt(version: string, cas: Db, fiftyone: Db): Promise<Set<string>> {
  const since = (release: string) => compareBase(version, release) >= 0;
  const rights = new Set<string>();
  const all = async (db: Db, collection: string) => await db.collection(collection).find().toArray();
  const upTo = (who: string, rank: number, where: string) => {
    for (let i = 1; i <= rank; i++) rights.add(`${who} has rank ${i} ${where}`);
  };
  const owner = (principal: Document | null | undefined) => (principal ? `${principal.kind} ${principal.id}` : undefined);
  const user = (id: unknown) => (id ? `user ${id}` : undefined);

  const rankOf = (role: string) => (role === 'LABELER' && !since('2.17.0') ? 0 : (CAPS[role] ?? 0));
  for (const doc of await all(cas, 'memberships')) upTo(`user ${doc.userId}`, rankOf(doc.role), `in ${doc.orgId}`);
  for (const doc of await all(cas, 'invitations')) upTo(doc.inviteeEmail, rankOf(doc.inviteeRole), `in ${doc.orgId}`);
  if (since('2.18.0'))
    for (const doc of await all(cas, 'service_accounts')) upTo(`service_account ${doc._id}`, rankOf(doc.role), `in ${doc.orgId}`);
  for (const doc of await all(cas, 'groups')) {
    const members = since('2.18.0') ? (doc.principals ?? []).map(owner) : (doc.userIds ?? []).map(user);
    for (const member of members) rights.add(`${member} is in group ${doc._id}`);
  }
  for (const doc of await all(cas, 'api_keys')) {
    const who = since('2.18.0') ? owner(doc.principal) : user(doc.userId);
    if (doc.hash !== undefined && who !== undefined) rights.add(`key ${doc.hash} is ${who}`);
  }
  for (const doc of await all(cas, 'sessions')) rights.add(`session ${doc.sessionToken} is user ${doc.userId}`);

  for (const doc of await all(fiftyone, 'dataset_permissions')) {
    if (doc.dataset_id === undefined) continue;
    const group = doc.group_id ? `group ${doc.group_id}` : undefined;
    const who = (since('2.18.0') ? owner(doc.principal) : (user(doc.user_id) ?? group)) ?? 'every member';
    upTo(who, LEVELS.indexOf(doc.permission), `on dataset ${doc.dataset_id}`);
  }
  for (const doc of await all(fiftyone, 'cloud_credentials')) {
    if (doc.provider === undefined || doc.credentials === undefined) continue;
    rights.add(`${credentialUser(doc, since)} uses ${doc.credentials}`);
  }
  return rights;
}

function credentialUser(doc: Document, since: (release: string) => boolean): string {
  if (!since('2.15.0')) return doc.user_id ? `user ${doc.user_id}` : 'everybody';
  if (doc.scope === 'GLOBAL') return 'everybody';
  const id = since('2.16.0') ? doc.sid : doc.scope === 'USER' ? doc.user_id : doc.group_id;
  // a release that finds nobody might take it for everybody's
  if (!id || !['USER', 'GROUP'].includes(doc.scope)) return 'everybody';
  return `${String(doc.scope).toLowerCase()} ${id}`;
}
