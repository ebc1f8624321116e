import { Doc } from '../../bson/index.js';
import { loss } from '../losses.js';
import type { Revision } from '../revision.js';
import { isFilled, setDefault } from '../shape.js';

/** A dataset has keypoint skeletons. */
export const v0_15_1: Revision = {
  version: '0.15.1',
  summary: 'a dataset has keypoint skeletons',
  up: {
    edit({ dataset }) {
      setDefault(dataset, 'skeletons', new Doc());
      setDefault(dataset, 'default_skeleton', null);
    },
  },
  down: {
    loses({ dataset }) {
      const skeletons = dataset.get('skeletons');
      return [
        ...loss('skeleton', skeletons instanceof Doc ? [...skeletons.keys()] : []),
        ...(isFilled(dataset.get('default_skeleton')) ? ['the default skeleton'] : []),
      ];
    },
    edit({ dataset }) {
      dataset.delete('skeletons');
      dataset.delete('default_skeleton');
    },
  },
};
