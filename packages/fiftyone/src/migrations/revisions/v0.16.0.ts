import { lostSchemas, removeEmbeddedSchemas, setEmbeddedSchemas } from '../embedded-schemas.js';
import type { Revision } from '../revision.js';
import { lostSidebarGroups } from '../sidebar-groups.js';

/** The schema describes embedded documents; the App has sidebar groups. */
export const v0_16_0: Revision = {
  version: '0.16.0',
  summary: 'the schema describes the fields of labels and metadata',
  up: {
    loses: ({ dataset }) => [...lostSchemas(dataset, 'labels'), ...lostSidebarGroups(dataset.get('app_sidebar_groups'))],
    edit({ dataset }, context) {
      setEmbeddedSchemas(dataset, 'labels', context.warn);
      dataset.set('app_sidebar_groups', null);
    },
  },
  down: {
    loses: ({ dataset }) => [
      ...lostSchemas(dataset, 'labels and lists'),
      ...lostSidebarGroups(dataset.get('app_sidebar_groups')),
    ],
    edit({ dataset }) {
      removeEmbeddedSchemas(dataset);
      dataset.delete('app_sidebar_groups');
    },
  },
};
