import type { BulkEdit, Malformed } from 'fiftyone/engine';

/** How a collection says who owns a document: since 2.18.0 by a principal, before that by the id of a user or of a group. */
export interface Owners {
  readonly collection: string;
  /** What people call its documents: "API keys". */
  readonly noun: string;
  /** The field of the principal. */
  readonly principal: string;
  /** The fields before that, by the kind of owner. */
  readonly before: { readonly user: string; readonly group?: string };
  /** What an owner that older releases do not know takes along: without it the document opens nothing to anybody. */
  readonly withheld: readonly string[];
}

/** Where a document keeps what releases that cannot understand it must not find. */
export const SUSPENDED = 'suspended';

/** From the id of a user or of a group to a principal. What was suspended works again. */
export function ownersUp({ collection, noun, principal, before, withheld }: Owners): BulkEdit[] {
  const kinds = Object.entries(before);
  const restored = Object.fromEntries(withheld.map((field) => [field, { $ifNull: [`$${SUSPENDED}.${field}`, `$${field}`] }]));
  const known = kinds.map(([kind, field]) => ({
    case: { $ne: [{ $ifNull: [`$${field}`, null] }, null] },
    // biome-ignore lint/suspicious/noThenProperty: the server's name
    then: { kind, id: `$${field}` },
  }));
  return [
    {
      kind: 'update',
      summary: `${noun} name their principal`,
      collection,
      filter: { [principal]: { $exists: false } },
      update: [
        {
          $set: {
            [principal]: { $ifNull: [`$${SUSPENDED}.${principal}`, { $switch: { branches: known, default: null } }] },
            ...restored,
          },
        },
        { $unset: [...kinds.map(([, field]) => field), SUSPENDED] },
      ],
      decides: [principal, ...withheld, ...kinds.map(([, field]) => field), SUSPENDED],
      refuses:
        kinds.length < 2
          ? []
          : [
              severalOwners(
                collection,
                kinds.map(([, field]) => field),
              ),
            ],
    },
  ];
}

/** From a principal to the id of a user or of a group. What belongs to anybody else is suspended: nobody can use it, and nothing is lost. */
export function ownersDown({ collection, noun, principal, before, withheld }: Owners): BulkEdit[] {
  const kinds = Object.entries(before);
  const fields = kinds.map(([, field]) => field);
  const nobody = Object.fromEntries(fields.map((field) => [field, null]));
  const kept = Object.fromEntries([principal, ...withheld].map((field) => [field, `$${field}`]));
  return [
    ...kinds.map(
      ([kind, field]): BulkEdit => ({
        kind: 'update',
        summary: `${noun} of a ${kind} name its id`,
        collection,
        filter: { [`${principal}.kind`]: kind },
        update: [{ $set: { ...nobody, [field]: `$${principal}.id` } }, { $unset: [principal] }],
        refuses: [unknownKind(collection, principal, [...Object.keys(before), 'service_account'])],
      }),
    ),
    {
      kind: 'update',
      summary: withheld.length > 0 ? `suspend ${noun} of service accounts` : `put aside which service account ${noun} are of`,
      collection,
      filter: { [`${principal}.kind`]: 'service_account' },
      update: [{ $set: { ...nobody, [SUSPENDED]: kept } }, { $unset: [principal, ...withheld] }],
      loses:
        withheld.length > 0
          ? `${noun} of service accounts: suspended, nobody gets them, and they work again from release 2.18.0 on`
          : `which service account ${noun} are of: shown again from release 2.18.0 on`,
    },
    {
      kind: 'update',
      summary: `${noun} without an owner name none`,
      collection,
      filter: { [principal]: { $type: 'null' } },
      update: [{ $set: nobody }, { $unset: [principal] }],
    },
  ];
}

function unknownKind(collection: string, principal: string, kinds: readonly string[]): Malformed {
  return {
    collection,
    filter: { [principal]: { $exists: true, $ne: null }, [`${principal}.kind`]: { $nin: kinds } },
    problem: `${principal} is of no kind that is known (${kinds.join(', ')})`,
  };
}

function severalOwners(collection: string, fields: readonly string[]): Malformed {
  const filter = Object.fromEntries(fields.map((field) => [field, { $ne: null }]));
  return { collection, filter, problem: `several of ${fields.join(', ')} are set` };
}
