import { dropIndex, makeIndex } from '../../../indexes.js';
import { ownersDown, ownersUp, SUSPENDED } from '../../../owners.js';
import { revisionOf } from '../../../revision-of-edits.js';
import { serviceAccountNames } from '../collections.js';

/** A key without its hash opens nothing: who presents the secret is not found. */
const KEYS = {
  collection: 'api_keys',
  noun: 'API keys',
  principal: 'principal',
  before: { user: 'userId' },
  withheld: ['hash'],
};

const users = { $filter: { input: '$principals', as: 'p', cond: { $eq: ['$$p.kind', 'user'] } } };
const userIds = { $map: { input: users, as: 'p', in: '$$p.id' } };
const asPrincipals = (ids: unknown) => ({ $map: { input: ids, as: 'id', in: { kind: 'user', id: '$$id' } } });
const others = { $filter: { input: `$${SUSPENDED}.principals`, as: 'p', cond: { $ne: ['$$p.kind', 'user'] } } };
const suspendedUsers = { $filter: { input: `$${SUSPENDED}.principals`, as: 'p', cond: { $eq: ['$$p.kind', 'user'] } } };

/** There are service accounts: they have roles and API keys, and can be in groups. */
export const v2_18_0 = revisionOf({
  version: '2.18.0',
  summary: 'service accounts can own API keys and be in groups',
  up: [
    {
      kind: 'update',
      summary: 'groups name their members as principals',
      collection: 'groups',
      filter: { principals: { $exists: false } },
      update: [
        {
          $set: {
            principals: {
              $switch: {
                branches: [
                  {
                    case: { $not: [{ $isArray: `$${SUSPENDED}.principals` }] },
                    // biome-ignore lint/suspicious/noThenProperty: the server's name
                    then: asPrincipals({ $ifNull: ['$userIds', []] }),
                  },
                  {
                    case: { $eq: [suspendedUsers, asPrincipals('$userIds')] },
                    // biome-ignore lint/suspicious/noThenProperty: the server's name
                    then: `$${SUSPENDED}.principals`,
                  },
                ],
                // somebody changed the members meanwhile: who left does not come back
                default: { $concatArrays: [asPrincipals('$userIds'), others] },
              },
            },
          },
        },
        { $unset: ['userIds', SUSPENDED] },
      ],
      decides: ['principals', 'userIds', SUSPENDED],
      refuses: [
        {
          collection: 'groups',
          filter: { principals: { $exists: false }, userIds: { $exists: true, $not: { $type: 'array' } } },
          problem: 'userIds is not a list',
        },
      ],
    },
    ...ownersUp(KEYS),
    makeIndex(serviceAccountNames),
  ],
  down: [
    {
      kind: 'update',
      summary: 'suspend service accounts in groups',
      collection: 'groups',
      filter: { principals: { $elemMatch: { kind: 'service_account' } } },
      update: [{ $set: { [SUSPENDED]: { principals: '$principals' }, userIds } }, { $unset: ['principals'] }],
      loses: 'service accounts in groups: they are members again from release 2.18.0 on',
      refuses: [
        {
          collection: 'groups',
          filter: {
            $or: [
              { principals: { $elemMatch: { kind: { $nin: ['user', 'service_account'] } } } },
              { principals: { $exists: true, $not: { $type: 'array' } } },
            ],
          },
          problem: 'principals is not a list of users and service accounts',
        },
      ],
    },
    {
      kind: 'update',
      summary: 'groups name their members by the ids of users',
      collection: 'groups',
      filter: { principals: { $exists: true } },
      update: [{ $set: { userIds } }, { $unset: ['principals'] }],
    },
    ...ownersDown(KEYS),
    dropIndex(serviceAccountNames),
  ],
});
