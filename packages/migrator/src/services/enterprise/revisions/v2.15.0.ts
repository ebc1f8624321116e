import { SUSPENDED } from '../../../owners.js';
import { revisionOf } from '../../../revision-of-edits.js';

const collection = 'cloud_credentials';

/** What a credential of a group takes along: an older release would give it to everybody. */
const WITHHELD = ['scope', 'group_id', 'provider', 'prefixes', 'credentials'];

const isBefore2_16 = { sid: { $exists: false } };

/** Cloud credentials are for everybody, for a group or for a user. */
export const v2_15_0 = revisionOf({
  version: '2.15.0',
  summary: 'cloud credentials have a scope',
  up: [
    {
      kind: 'update',
      summary: 'cloud credentials of a user have the scope USER, all others GLOBAL',
      collection,
      filter: { scope: { $exists: false } },
      update: [
        {
          $set: {
            scope: {
              $ifNull: [`$${SUSPENDED}.scope`, { $cond: [{ $eq: [{ $ifNull: ['$user_id', null] }, null] }, 'GLOBAL', 'USER'] }],
            },
            group_id: { $ifNull: [`$${SUSPENDED}.group_id`, null] },
            ...Object.fromEntries(
              ['provider', 'prefixes', 'credentials'].map((field) => [
                field,
                { $ifNull: [`$${SUSPENDED}.${field}`, `$${field}`] },
              ]),
            ),
          },
        },
        { $unset: [SUSPENDED] },
      ],
      decides: [...WITHHELD, SUSPENDED],
    },
  ],
  down: [
    {
      kind: 'update',
      summary: 'suspend cloud credentials of groups',
      collection,
      filter: { scope: 'GROUP' },
      update: [
        { $set: { [SUSPENDED]: Object.fromEntries(WITHHELD.map((field) => [field, `$${field}`])), user_id: null } },
        { $unset: WITHHELD },
      ],
      loses: 'cloud credentials of groups: suspended, nobody gets them, and they work again from release 2.15.0 on',
      refuses: [
        {
          collection,
          filter: { scope: { $exists: true, $nin: ['GLOBAL', 'GROUP', 'USER'] } },
          problem: 'scope is none that is known (GLOBAL, GROUP, USER)',
        },
        {
          collection,
          filter: { ...isBefore2_16, scope: 'USER', user_id: null },
          problem: 'scope is USER without a user, and an older release would give the credential to everybody:',
        },
      ],
    },
    {
      kind: 'update',
      summary: 'cloud credentials have no scope: those without a user are for all',
      collection,
      filter: { scope: { $exists: true } },
      update: [{ $unset: ['scope', 'group_id'] }],
    },
  ],
});
