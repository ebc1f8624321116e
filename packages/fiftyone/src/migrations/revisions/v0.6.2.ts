import type { Doc, ReadonlyDoc } from '../../bson/index.js';
import { dropFrameIndex } from '../frame-index.js';
import {
  frameReferences,
  framesOfNoSample,
  framesThatAreNoDocument,
  referencedNumber,
  refersToFrames,
  summarisesFrames,
} from '../frame-references.js';
import { signsOfLaterReleases } from '../later-releases.js';
import { loss } from '../losses.js';
import {
  rewritePolylines,
  unwrapShape,
  whereRewritten,
  withMalformedPolylines,
  withSeveralShapes,
  wrapNumbers,
  wrapShape,
} from '../polyline-points.js';
import type { BulkEdit, Malformed, Revision } from '../revision.js';
import { impliedFrameCollection, sampleCollection } from '../sample-collection.js';
import { docsAt, isFilled, setDefault, stringAt } from '../shape.js';

/**
 * Polylines can have several shapes; a frame names its sample, where a sample named its frames; datasets have a version.
 *
 * All bulk edits may be repeated, also when only some of their documents are done: what is done shows by its form.
 */
export const v0_6_2: Revision = {
  version: '0.6.2',
  summary: 'polylines can have several shapes, frames name their sample, datasets have a version',
  up: {
    blocked({ dataset }) {
      const signs = signsOfLaterReleases(dataset);
      const version = isFilled(dataset.get('version')) ? 'says that it is older' : 'carries no version';
      return signs.length === 0 ? undefined : `${version} but looks newer than 0.6.2: ${signs.join(', ')}`;
    },
    loses: ({ dataset }) => mediaTypesOfFields(dataset),
    bulk({ dataset }) {
      const samples = sampleCollection(dataset);
      return holdsFrames(dataset) ? framesUp(samples, impliedFrameCollection(dataset)) : [wrapSamples(samples)];
    },
    edit({ dataset }) {
      setDefault(dataset, 'media_type', 'image');
      setDefault(dataset, 'frame_fields', []);
      for (const [field, name] of named(dataset, 'sample_fields')) {
        field.delete('media_type');
        if (name !== 'frames' || dataset.get('media_type') !== 'video') continue;
        field.set('ftype', 'fiftyone.core.fields.EmbeddedDocumentField');
        field.set('subfield', null);
        field.set('embedded_doc_type', 'fiftyone.core.labels._Frames');
      }
      for (const field of docsAt(dataset.get('frame_fields'), 'frame_fields')) field.delete('media_type');
    },
  },
  down: {
    loses: ({ dataset }) => mediaTypesOfFields(dataset),
    bulk({ dataset }) {
      const samples = sampleCollection(dataset);
      return holdsFrames(dataset) ? framesDown(samples, impliedFrameCollection(dataset)) : [unwrapSamples(samples)];
    },
    edit({ dataset }) {
      for (const [field, name] of [...named(dataset, 'sample_fields'), ...named(dataset, 'frame_fields')]) {
        field.set('media_type', null);
        if (name !== 'frames' || dataset.get('media_type') !== 'video') continue;
        field.set('ftype', 'fiftyone.core.fields.FramesField');
        field.set('subfield', 'fiftyone.core.fields.ReferenceField');
        field.set('embedded_doc_type', null);
      }
      dataset.delete('version');
    },
  },
  pending: (dataset) => [
    {
      problem: 'the points of a polyline are no list of shapes',
      collection: sampleCollection(dataset),
      filter: whereRewritten(wrapNumbers),
      mend: [rewritePolylines(wrapNumbers)],
    },
  ],
};

/** Samples of other datasets than those of images refer to frames; a dataset that says nothing counts as one of images. */
function holdsFrames(dataset: ReadonlyDoc): boolean {
  return dataset.has('media_type') && dataset.get('media_type') !== 'image';
}

function named(dataset: ReadonlyDoc, key: string): [Doc, string][] {
  return docsAt(dataset.get(key), key).map((field, i) => [field, stringAt(field.get('name'), `${key}[${i}].name`)]);
}

function mediaTypesOfFields(dataset: ReadonlyDoc): string[] {
  const fields = ['sample_fields', 'frame_fields'].flatMap((key) => (dataset.has(key) ? docsAt(dataset.get(key), key) : []));
  const filled = fields.filter((field) => isFilled(field.get('media_type')));
  return loss(
    'media type',
    filled.map((field) => `${field.get('media_type')} of field ${field.get('name')}`),
  );
}

function wrapSamples(samples: string): BulkEdit {
  return {
    kind: 'update',
    summary: 'make lists of shapes of the points of polylines',
    collection: samples,
    filter: whereRewritten(wrapShape),
    harmless: true,
    update: [rewritePolylines(wrapShape)],
    refuses: [polylinesThatAreNoList(samples)],
  };
}

function framesUp(samples: string, frames: string): BulkEdit[] {
  const entries = { $map: { input: frameReferences, as: 'frame', in: { number: referencedNumber('$$frame'), id: '$$frame.v' } } };
  const isFirst = { $eq: ['$$frame.number', 1] };
  // The first frame is copied as it is before its polylines change, as FiftyOne does.
  const firstFrame = {
    $cond: [{ $eq: [{ $type: '$first' }, 'object'] }, { $mergeObjects: ['$first', { _cls: '_FrameLabels' }] }, null],
  };
  return [
    {
      kind: 'merge',
      summary: 'name its sample in every frame',
      collection: samples,
      into: frames,
      pipeline: [
        { $match: refersToFrames },
        { $project: { entry: frameReferences } },
        { $unwind: '$entry' },
        { $project: { _id: '$entry.v', _sample_id: '$_id' } },
        { $merge: { into: frames, on: '_id', whenMatched: 'merge', whenNotMatched: 'discard' } },
      ],
      refuses: [...framesThatAreNoReferences(samples), polylinesThatAreNoList(frames)],
    },
    {
      kind: 'merge',
      summary: 'replace the ids of frames in samples by the first frame and the number of frames',
      collection: samples,
      into: samples,
      pipeline: [
        { $match: refersToFrames },
        { $project: { entries } },
        {
          $project: {
            count: { $size: '$entries' },
            first: { $arrayElemAt: [{ $filter: { input: '$entries', as: 'frame', cond: isFirst } }, 0] },
          },
        },
        { $lookup: { from: frames, localField: 'first.id', foreignField: '_id', as: 'first' } },
        { $unwind: { path: '$first', preserveNullAndEmptyArrays: true } },
        { $unset: 'first._sample_id' },
        { $project: { frames: { _cls: { $literal: '_Frames' }, frame_count: '$count', first_frame: firstFrame } } },
        { $merge: { into: samples, on: '_id', whenMatched: [{ $set: { frames: '$$new.frames' } }], whenNotMatched: 'discard' } },
      ],
    },
    {
      kind: 'update',
      summary: 'make lists of shapes of the points of polylines',
      collection: frames,
      filter: { _sample_id: { $exists: true }, ...whereRewritten(wrapShape) },
      update: [rewritePolylines(wrapShape)],
    },
  ];
}

function unwrapSamples(samples: string): BulkEdit {
  return {
    kind: 'update',
    summary: 'take the points of polylines out of their list of shapes',
    collection: samples,
    filter: whereRewritten(unwrapShape),
    harmless: true,
    update: [rewritePolylines(unwrapShape)],
    refuses: [{ collection: samples, filter: withSeveralShapes, problem: SEVERAL_SHAPES }],
  };
}

function framesDown(samples: string, frames: string): BulkEdit[] {
  const number = { $convert: { input: '$frame_number', to: 'long', onError: null, onNull: 'none' } };
  const namesSample = { _sample_id: { $exists: true } };
  return [
    {
      kind: 'update',
      summary: 'remove the first frame and the number of frames from samples',
      collection: samples,
      filter: summarisesFrames,
      update: { $set: { frames: {} } },
    },
    {
      kind: 'merge',
      summary: 'list the ids of frames in samples',
      collection: frames,
      into: samples,
      pipeline: [
        { $match: namesSample },
        { $project: { _sample_id: 1, frame_number: 1 } },
        { $sort: { _sample_id: 1, frame_number: 1, _id: 1 } },
        { $group: { _id: '$_sample_id', entries: { $push: { k: { $toString: number }, v: '$_id' } } } },
        { $project: { frames: { $arrayToObject: '$entries' } } },
        {
          $merge: {
            into: samples,
            on: '_id',
            // Added to what is there: when this is repeated, frames that are done already no longer name their sample.
            whenMatched: [{ $set: { frames: { $mergeObjects: ['$frames', '$$new.frames'] } } }],
            whenNotMatched: 'discard',
          },
        },
      ],
      refuses: [
        framesThatAreNoDocument(samples),
        framesOfNoSample(frames),
        {
          collection: frames,
          filter: { ...namesSample, $expr: { $ne: ['$frame_number', number] } },
          problem: 'frame_number is missing or no whole number',
        },
        { collection: frames, filter: { ...namesSample, ...withSeveralShapes }, problem: SEVERAL_SHAPES },
      ],
    },
    dropFrameIndex(frames),
    {
      kind: 'update',
      summary: 'take the points of polylines out of their list of shapes, and the id of its sample out of every frame',
      collection: frames,
      filter: namesSample,
      update: [{ $unset: '_sample_id' }, rewritePolylines(unwrapShape)],
    },
  ];
}

const SEVERAL_SHAPES = 'a polyline has several shapes, but releases before 0.6.2 can store only one,';

function polylinesThatAreNoList(collection: string): Malformed {
  return { collection, filter: withMalformedPolylines, problem: 'polylines is no list' };
}

function framesThatAreNoReferences(samples: string): Malformed[] {
  const isBroken = {
    $or: [{ $ne: [{ $type: '$$frame.v' }, 'objectId'] }, { $eq: [referencedNumber('$$frame'), null] }],
  };
  return [
    framesThatAreNoDocument(samples),
    {
      collection: samples,
      filter: {
        ...refersToFrames,
        $expr: { $anyElementTrue: [{ $map: { input: frameReferences, as: 'frame', in: isBroken } }] },
      },
      problem: 'frames is no document of ids by frame number',
    },
  ];
}
