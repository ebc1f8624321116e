import type { DatasetRecord, Revision, Step } from '../revision.js';
import { sampleCollection } from '../sample-collection.js';
import { topLevelFields } from '../schema-fields.js';
import { docsAt, stringAt } from '../shape.js';

/** The media type of a sample is private. Both directions may be repeated. */
export const v0_6_5: Revision = {
  version: '0.6.5',
  summary: 'the media type of a sample is private: media_type becomes _media_type',
  up: renameField('media_type', '_media_type'),
  down: renameField('_media_type', 'media_type'),
  pending(dataset) {
    if (topLevelFields(dataset, 'sample_fields').some((field) => field.get('name') === 'media_type')) return [];
    return [
      {
        problem: 'the media type of a sample is called media_type, not _media_type',
        collection: sampleCollection(dataset),
        filter: { media_type: { $exists: true } },
        mend: { $rename: { media_type: '_media_type' } },
      },
    ];
  },
};

function renameField(from: string, to: string): Step {
  return {
    loses({ dataset }) {
      const names = docsAt(dataset.get('sample_fields'), 'sample_fields').map((field) => field.get('name'));
      return names.includes(from) && names.includes(to) ? [`${to} of samples that have ${from} too`] : [];
    },
    bulk: ({ dataset }: DatasetRecord) => [
      {
        kind: 'update',
        summary: `rename ${from} to ${to}`,
        collection: sampleCollection(dataset),
        filter: { [from]: { $exists: true } },
        // what $rename does, in a form that shares a pass with other edits
        update: [
          { $set: { [to]: { $cond: [{ $eq: [{ $type: `$${from}` }, 'missing'] }, `$${to}`, `$${from}`] } } },
          { $unset: [from] },
        ],
        harmless: true,
      },
    ],
    edit({ dataset }) {
      for (const [i, field] of docsAt(dataset.get('sample_fields'), 'sample_fields').entries()) {
        if (stringAt(field.get('name'), `sample_fields[${i}].name`) === from) field.set('name', to);
      }
    },
  };
}
