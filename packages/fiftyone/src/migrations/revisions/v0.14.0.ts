import type { ReadonlyDoc } from '../../bson/index.js';
import type { Revision } from '../revision.js';
import { setDefault, stringAt } from '../shape.js';

/** A dataset knows when it was created and last loaded, and names the collection of its frames. */
export const v0_14_0: Revision = {
  version: '0.14.0',
  summary: 'a dataset knows when it was created and last loaded, and where its frames are',
  up: {
    edit({ dataset }) {
      setDefault(dataset, 'created_at', null);
      setDefault(dataset, 'last_loaded_at', null);
      if (!dataset.has('frame_collection_name')) {
        dataset.set(
          'frame_collection_name',
          `frames.${stringAt(dataset.get('sample_collection_name'), 'sample_collection_name')}`,
        );
      }
    },
  },
  down: {
    loses({ dataset }) {
      const frames = customFrameCollection(dataset);
      return [
        ...(isNull(dataset, 'created_at') ? [] : ['when the dataset was created']),
        ...(isNull(dataset, 'last_loaded_at') ? [] : ['when the dataset was last loaded']),
        ...(frames === undefined ? [] : [`the link to its frames in collection ${frames}`]),
      ];
    },
    edit({ dataset }) {
      for (const key of ['created_at', 'last_loaded_at', 'frame_collection_name']) dataset.delete(key);
    },
  },
};

function isNull(dataset: ReadonlyDoc, key: string): boolean {
  return (dataset.get(key) ?? null) === null;
}

function customFrameCollection(dataset: ReadonlyDoc): string | undefined {
  const name = dataset.get('frame_collection_name');
  return typeof name === 'string' && name !== `frames.${dataset.get('sample_collection_name')}` ? name : undefined;
}
