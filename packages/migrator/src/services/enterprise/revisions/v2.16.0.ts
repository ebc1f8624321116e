import { revisionOf } from '../../../revision-of-edits.js';

const collection = 'cloud_credentials';

const idOf = (scope: string) => ({ $cond: [{ $eq: ['$scope', scope] }, '$sid', null] });

/** One field names the user or the group that cloud credentials are for. */
export const v2_16_0 = revisionOf({
  version: '2.16.0',
  summary: 'one field names whom cloud credentials are for',
  up: [
    {
      kind: 'update',
      summary: 'the id of the user or group becomes that of the scope',
      collection,
      filter: { sid: { $exists: false } },
      update: [
        {
          $set: {
            sid: {
              $switch: {
                branches: [
                  // biome-ignore lint/suspicious/noThenProperty: the server's name
                  { case: { $eq: ['$scope', 'USER'] }, then: { $ifNull: ['$user_id', null] } },
                  // biome-ignore lint/suspicious/noThenProperty: the server's name
                  { case: { $eq: ['$scope', 'GROUP'] }, then: { $ifNull: ['$group_id', null] } },
                ],
                default: null,
              },
            },
          },
        },
        { $unset: ['user_id', 'group_id'] },
      ],
      decides: ['sid', 'user_id', 'group_id'],
    },
  ],
  down: [
    {
      kind: 'update',
      summary: 'cloud credentials name a user or a group',
      collection,
      filter: { sid: { $exists: true } },
      update: [{ $set: { user_id: idOf('USER'), group_id: idOf('GROUP') } }, { $unset: ['sid'] }],
      refuses: [
        {
          collection,
          filter: { scope: { $in: ['USER', 'GROUP'] }, sid: { $type: 'null' } },
          problem: 'scope is USER or GROUP, but sid is empty,',
        },
        { collection, filter: { sid: { $ne: null }, scope: 'GLOBAL' }, problem: 'scope is GLOBAL, but sid is not empty,' },
      ],
    },
  ],
});
