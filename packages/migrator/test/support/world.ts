import { ObjectId } from 'bson';
import fc from 'fast-check';

/** Documents by collection, for both databases of a deployment. */
export interface World {
  readonly cas: Readonly<Record<string, readonly object[]>>;
  readonly fiftyone: Readonly<Record<string, readonly object[]>>;
}

/** Which releases a world is from: the first that the migrator knows, or today's. */
export type Age = 'first' | 'today';

/** How many there are of the larger kinds, at most; `least` at least. */
export interface Sizes {
  readonly least: number;
  readonly most: number;
}

const SMALL: Sizes = { least: 0, most: 6 };

/** Ids of one kind; the same number gives the same id. */
function idOf(kind: number, n: number): ObjectId {
  return new ObjectId(`65${kind.toString(16).padStart(4, '0')}${n.toString(16).padStart(18, '0')}`);
}

const [ORG, USER, ACCOUNT, MEMBERSHIP, SERVICE_ACCOUNT, GROUP, INVITATION, KEY, SESSION, CONFIG, AUDIT, USAGE] = [
  ...Array.from({ length: 12 }, (_, i) => i + 1),
] as [number, number, number, number, number, number, number, number, number, number, number, number];
const [DATASET, PERMISSION, SNAPSHOT, CREDENTIAL, ORCHESTRATOR, SECRET, SETTINGS, RUN] = Array.from(
  { length: 8 },
  (_, i) => i + 32,
) as [number, number, number, number, number, number, number, number];

/** Texts that a careless pipeline would take for fields or variables, too. */
const text = fc.oneof(fc.constantFrom('', '$hash', '$$ROOT', 'a.b', '\u0000', 'Zoë 🎈'), fc.string({ maxLength: 12 }));
const maybeText = fc.option(text);
const time = fc.integer({ min: 1.6e12, max: 1.8e12 }).map((ms) => new Date(ms));
const base64 = fc.uint8Array({ minLength: 24, maxLength: 48 }).map((bytes) => Buffer.from(bytes).toString('base64url'));
const fernet = base64.map((text) => `gAAAAA${text}==`);
const level = fc.constantFrom('NO_ACCESS', 'VIEW', 'TAG', 'EDIT', 'MANAGE');

/** Clients write keys in any order, and more of them than a migration knows. */
function shuffled<T extends object>(document: fc.Arbitrary<T>): fc.Arbitrary<object> {
  return fc.tuple(document, fc.infiniteStream(fc.nat(97)), fc.option(text)).map(([doc, order, extra]) => {
    const entries = Object.entries({ ...doc, ...(extra === null ? {} : { extra }) }).map((entry) => ({
      entry,
      at: entry[0] === '_id' ? -1 : (order.next().value as number),
    }));
    return Object.fromEntries(entries.sort((a, b) => a.at - b.at).map(({ entry }) => entry));
  });
}

function many(sizes: Sizes, kind: number, document: (n: number) => fc.Arbitrary<object>): fc.Arbitrary<object[]> {
  return fc
    .integer({ min: sizes.least, max: sizes.most })
    .chain((length) =>
      length === 0
        ? fc.constant([])
        : fc.tuple(...Array.from({ length }, (_, n) => shuffled(document(n).map((doc) => ({ _id: idOf(kind, n), ...doc }))))),
    );
}

/** Worlds of users, groups, keys, credentials, permissions and the rest. */
export function worlds(age: Age, sizes: Sizes = SMALL): fc.Arbitrary<World> {
  const isToday = age === 'today';
  const some = fc.nat(Math.max(sizes.most - 1, 0));
  const user = some.map((n) => idOf(USER, n));
  const group = some.map((n) => idOf(GROUP, n));
  const dataset = fc.nat(20).map((n) => idOf(DATASET, n));
  const role = fc.constantFrom('ADMIN', 'MEMBER', 'COLLABORATOR', 'GUEST', ...(isToday ? ['LABELER', 'LABELER'] : []));
  const asPrincipal = (kind: string, id: fc.Arbitrary<ObjectId>) => id.map((id) => ({ kind, id }));
  const account = some.map((n) => idOf(SERVICE_ACCOUNT, n));
  const actor = fc.oneof(asPrincipal('user', user), asPrincipal('service_account', account));
  const owner = (before: string, now: string) =>
    isToday ? fc.record({ [now]: fc.option(actor) }) : fc.record({ [before]: fc.option(user) });
  const joined = (...parts: fc.Arbitrary<object>[]) => fc.tuple(...parts).map((all) => Object.assign({}, ...all) as object);
  const date = { createdAt: time };
  const made = { created_at: time };
  const org = fc.constant(idOf(ORG, 0));

  const permission = isToday
    ? fc.record({ principal: fc.option(fc.oneof(actor, asPrincipal('group', group))) })
    : fc.oneof(
        fc.record({ user_id: user, group_id: fc.constant(null) }),
        fc.record({ user_id: fc.constant(null), group_id: group }),
        fc.record({ user_id: fc.constant(null), group_id: fc.constant(null) }),
      );
  const scope = isToday
    ? fc.oneof(
        fc.record({ scope: fc.constant('GLOBAL'), sid: fc.constant(null) }),
        fc.record({ scope: fc.constant('USER'), sid: user }),
        fc.record({ scope: fc.constant('GROUP'), sid: group }),
      )
    : fc.record({ user_id: fc.option(user) });
  const today = (fields: Record<string, fc.Arbitrary<unknown>>) => (isToday ? fields : {});

  const cas = fc.record({
    organizations: many({ least: 1, most: 1 }, ORG, () =>
      fc.record({ name: text, displayName: text, logoUrl: maybeText, pypiToken: base64, isDefault: fc.constant(true), ...date }),
    ),
    users: many(sizes, USER, (n) =>
      fc.record({ email: fc.constant(`user${n}@example.com`), name: text, picture: maybeText, ...date }),
    ),
    accounts: many(sizes, ACCOUNT, (n) =>
      fc.record({
        userId: user,
        provider: fc.constant('oidc'),
        providerAccountId: fc.constant(`${n}`),
        ...date,
        ...today({ lastUpdatedAt: fc.option(time) }),
      }),
    ),
    memberships: many(sizes, MEMBERSHIP, (n) => fc.record({ orgId: org, userId: fc.constant(idOf(USER, n)), role, ...date })),
    service_accounts: many(isToday ? sizes : { least: 0, most: 0 }, SERVICE_ACCOUNT, (n) =>
      fc.record({ orgId: org, name: fc.constant(`robot ${n}`), role, description: maybeText, ...date }),
    ),
    groups: many(sizes, GROUP, (n) =>
      joined(
        fc.record({
          orgId: org,
          name: text,
          slug: fc.constant(`group-${n}`),
          description: maybeText,
          ...date,
          createdBy: fc.option(user),
        }),
        isToday
          ? fc.record({ principals: fc.array(actor, { maxLength: 5 }) })
          : fc.record({ userIds: fc.array(user, { maxLength: 5 }) }),
      ),
    ),
    invitations: many(sizes, INVITATION, (n) =>
      fc.record({
        orgId: org,
        inviteeEmail: fc.constant(`guest${n}@example.com`),
        inviteeRole: role,
        url: base64,
        ...date,
        expiresAt: time,
      }),
    ),
    api_keys: many(sizes, KEY, () => joined(fc.record({ name: text, hash: base64, ...date }), owner('userId', 'principal'))),
    sessions: many(sizes, SESSION, (n) =>
      fc.record({ userId: user, sessionToken: base64.map((token) => `${token}${n}`), expires: time }),
    ),
    auth_config: many({ least: 0, most: 1 }, CONFIG, () =>
      fc.record({
        authenticationProviders: fc.array(fc.record({ id: text, clientId: text, clientSecret: base64, profile: text }), {
          maxLength: 3,
        }),
        sessionTtl: fc.constant(300),
        jsHookEnabled: fc.boolean(),
        jsHook: maybeText,
        skipSignInPage: fc.boolean(),
      }),
    ),
    audit: many(sizes, AUDIT, () =>
      fc.record({ at: time, actor: fc.option(user), action: text, details: fc.record({ role, principals: fc.option(text) }) }),
    ),
    usage: many(sizes, USAGE, () =>
      fc.record({
        day: time,
        admins: fc.nat(9),
        guests: fc.nat(9),
        ...today({ labelers: fc.option(fc.nat(9)), serviceAccounts: fc.option(fc.nat(9)) }),
      }),
    ),
  });
  const fiftyone = fc.record({
    dataset_permissions: many(sizes, PERMISSION, () =>
      joined(fc.record({ dataset_id: dataset, permission: level, ...made }), permission),
    ),
    snapshots: many(sizes, SNAPSHOT, (n) =>
      joined(
        fc.record({
          dataset_id: dataset,
          name: fc.constant(`snapshot ${n}`),
          description: maybeText,
          ...made,
          archived: fc.boolean(),
        }),
        owner('created_by', 'creator'),
      ),
    ),
    cloud_credentials: many(sizes, CREDENTIAL, () =>
      joined(
        fc.record({
          provider: fc.constantFrom('GCP', 'AWS', 'AZURE', 'MINIO'),
          prefixes: fc.array(text, { maxLength: 2 }),
          description: maybeText,
          credentials: fernet,
          ...made,
        }),
        scope,
      ),
    ),
    orchestrators: many(sizes, ORCHESTRATOR, (n) =>
      fc.record({
        instance_id: fc.constant(`cluster ${n}`),
        description: maybeText,
        environment: fc.constantFrom('databricks', 'anyscale', 'standalone'),
        config: fc.record({ job: text }),
        secrets: fc.record({ token: text }),
        ...made,
      }),
    ),
    secrets: many(sizes, SECRET, (n) =>
      fc.record({ key: fc.constant(`KEY_${n}`), value: fernet, description: maybeText, ...made }),
    ),
    delegated_operation_settings: many({ least: 0, most: 1 }, SETTINGS, () =>
      fc.record({
        expiration_minutes: fc.constant(30),
        log_path: maybeText,
        ...today({
          telemetry: fc.record({ enabled: fc.boolean(), retention_days: fc.option(fc.nat(90)) }),
          multimodal: fc.boolean(),
          projection_delegation_target: maybeText,
        }),
      }),
    ),
    run_links: many(sizes, RUN, () =>
      joined(
        fc.record({
          operation_id: dataset,
          url: text,
          ...made,
          ...today({ archived: fc.boolean(), rerun_of: fc.option(dataset) }),
        }),
        owner('user_id', 'started_by'),
      ),
    ),
  });
  return fc.record({ cas, fiftyone });
}

/** One world, the same each time. */
export function world(age: Age, sizes: Sizes, seed = 7): World {
  return fc.sample(worlds(age, sizes), { seed, numRuns: 1 })[0] as World;
}
