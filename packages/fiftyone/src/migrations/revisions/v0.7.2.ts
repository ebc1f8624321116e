import { Doc } from '../../bson/index.js';
import { framesOfNoSample, framesThatAreNoDocument, holdsFrameReferences } from '../frame-references.js';
import type { Query, Revision } from '../revision.js';
import { impliedFrameCollection, sampleCollection } from '../sample-collection.js';
import { topLevelFields } from '../schema-fields.js';
import { docsAt, stringAt } from '../shape.js';

/**
 * Samples of videos no longer repeat their first frame and their number of frames. Nothing is lost: the frames themselves stay.
 *
 * Both directions may be repeated. A dataset that does not say what media it has is empty, and stays as it is.
 */
export const v0_7_2: Revision = {
  version: '0.7.2',
  summary: 'samples of videos no longer repeat their first frame and number of frames',
  up: {
    bulk({ dataset }) {
      if (dataset.get('media_type') !== 'video') return [];
      return [
        {
          kind: 'update',
          summary: 'remove the first frame and the number of frames',
          collection: sampleCollection(dataset),
          filter: { frames: { $exists: true } },
          update: { $unset: { frames: '' } },
        },
      ];
    },
    edit({ dataset }) {
      if (dataset.get('media_type') !== 'video') return;
      const fields = docsAt(dataset.get('sample_fields'), 'sample_fields');
      const names = fields.map((field, i) => stringAt(field.get('name'), `sample_fields[${i}].name`));
      dataset.set(
        'sample_fields',
        fields.filter((_, i) => names[i] !== 'frames'),
      );
    },
  },
  down: {
    bulk({ dataset }) {
      if (dataset.get('media_type') !== 'video') return [];
      const samples = sampleCollection(dataset);
      const frames = impliedFrameCollection(dataset);
      return [
        {
          kind: 'merge',
          summary: 'copy the first frame into its sample',
          collection: frames,
          into: samples,
          pipeline: [
            { $match: { frame_number: 1, _sample_id: { $exists: true } } },
            { $project: { _id: '$_sample_id', first_frame: '$$ROOT' } },
            intoSamples(samples, { first_frame: '$$new.first_frame' }),
          ],
        },
        {
          kind: 'merge',
          summary: 'write the number of frames into samples',
          collection: frames,
          into: samples,
          pipeline: [
            { $match: { _sample_id: { $exists: true } } },
            { $group: { _id: '$_sample_id', frame_count: { $sum: 1 } } },
            intoSamples(samples, { $mergeObjects: ['$frames', { frame_count: '$$new.frame_count' }] }),
          ],
          refuses: [framesThatAreNoDocument(samples), framesOfNoSample(frames)],
        },
      ];
    },
    edit({ dataset }) {
      if (dataset.get('media_type') !== 'video') return;
      const fields = docsAt(dataset.get('sample_fields'), 'sample_fields');
      // The real client adds the field, then may fail, and adds it again at the next attempt.
      if (fields.some((field) => field.get('name') === 'frames')) return;
      dataset.set('sample_fields', [
        ...fields,
        Doc.of(
          ['name', 'frames'],
          ['ftype', 'fiftyone.core.fields.EmbeddedDocumentField'],
          ['subfield', null],
          ['embedded_doc_type', 'fiftyone.core.labels._Frames'],
        ),
      ]);
    },
  },
  pending(dataset) {
    const isField = topLevelFields(dataset, 'sample_fields').some((field) => field.get('name') === 'frames');
    if (dataset.get('media_type') !== 'video' || isField) return [];
    return [
      {
        problem: 'a sample of a video repeats its frames',
        collection: sampleCollection(dataset),
        filter: { frames: { $exists: true } },
        mend: { $unset: { frames: '' } },
      },
    ];
  },
};

function intoSamples(samples: string, frames: unknown): Query {
  // An interrupted 0.6.2 down may have put the ids of frames here, and what it did to the frames cannot be found again.
  const kept = { $cond: [holdsFrameReferences, '$frames', frames] };
  return { $merge: { into: samples, on: '_id', whenMatched: [{ $set: { frames: kept } }], whenNotMatched: 'discard' } };
}
