/** The migrator hands over what makes services and revisions. */
export default ({ collectionService, indexOn, revisionOf }) => {
  /** A service of our own in the database of FiftyOne: a collection of notes that annotators leave. */
  const notes = collectionService({
    name: 'notes',
    database: 'fiftyone',
    collections: ['annotator_notes'],
    indexes: [indexOn('annotator_notes', ['sample_id'])],
    revisions: [
      revisionOf({
        version: '2.18.0',
        summary: 'notes have a state',
        up: [
          {
            kind: 'update',
            summary: 'notes are open',
            collection: 'annotator_notes',
            filter: { state: { $exists: false } },
            update: [{ $set: { state: 'open' } }],
          },
        ],
        down: [
          {
            kind: 'update',
            summary: 'notes have no state',
            collection: 'annotator_notes',
            filter: { state: { $exists: true } },
            update: [{ $unset: ['state'] }],
            loses: 'which notes are settled',
          },
        ],
      }),
    ],
  });

  /** What our fork of CAS adds to its users. */
  const phones = revisionOf({
    version: '2.20.0',
    summary: 'users have a telephone',
    up: [
      {
        kind: 'update',
        summary: 'nobody has told a number yet',
        collection: 'users',
        filter: { telephone: { $exists: false } },
        update: [{ $set: { telephone: null } }],
      },
    ],
    down: [
      {
        kind: 'update',
        summary: 'users have no telephone',
        collection: 'users',
        filter: { telephone: { $exists: true } },
        update: [{ $unset: ['telephone'] }],
        loses: 'telephone numbers',
      },
    ],
  });

  return { services: [notes], revisions: { cas: [phones] } };
};
