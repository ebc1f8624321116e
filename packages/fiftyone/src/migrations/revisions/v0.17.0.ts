import { Doc, equal, int32, type Value } from '../../bson/index.js';
import { loss } from '../losses.js';
import { pythonText } from '../python-text.js';
import type { Revision } from '../revision.js';
import { docAt, isFilled, setDefault } from '../shape.js';
import { lostSidebarGroups } from '../sidebar-groups.js';

const GROUP_KEYS = ['group_field', 'group_media_types', 'default_group_slice'] as const;

/** What newer releases give every dataset: they set it again when it is missing. */
const LATER_DEFAULTS: [string, Value][] = [['dynamic_groups_target_frame_rate', int32(30)]];

/** A dataset can have groups; settings of the App are in one place. */
export const v0_17_0: Revision = {
  version: '0.17.0',
  summary: 'a dataset can have groups, and its settings of the App are in one place',
  up: {
    loses({ dataset }) {
      const config = dataset.get('app_config');
      const groups = config instanceof Doc ? config.get('sidebar_groups') : undefined;
      const kept = dataset.get('app_sidebar_groups');
      return groups === undefined || kept === undefined || equal(groups, kept) ? [] : lostSidebarGroups(groups);
    },
    edit({ dataset }) {
      setDefault(dataset, 'group_field', null);
      setDefault(dataset, 'group_media_types', new Doc());
      setDefault(dataset, 'default_group_slice', null);
      setDefault(dataset, 'app_config', defaultAppConfig());
      const groups = dataset.get('app_sidebar_groups');
      if (groups === undefined) return;
      docAt(dataset.get('app_config'), 'app_config').set('sidebar_groups', groups);
      dataset.delete('app_sidebar_groups');
    },
  },
  down: {
    blocked({ dataset }) {
      if (!GROUP_KEYS.some((key) => isFilled(dataset.get(key)))) return undefined;
      const name = pythonText(dataset.get('name'));
      return `Cannot migrate dataset '${name}' below v0.17.0 because groups were not supported before this release`;
    },
    loses({ dataset }) {
      const config = dataset.get('app_config');
      if (!(config instanceof Doc)) return [];
      const defaults = Doc.of(...defaultAppConfig(), ...LATER_DEFAULTS);
      const lost = [...config].filter(
        ([key, value]) => key !== 'sidebar_groups' && isFilled(value) && !equal(value, defaults.get(key) ?? null),
      );
      return loss(
        'App setting',
        lost.map(([key]) => key),
      );
    },
    edit({ dataset }) {
      const value = dataset.get('app_config') ?? null;
      const config = value === null ? undefined : docAt(value, 'app_config');
      for (const key of [...GROUP_KEYS, 'app_config']) dataset.delete(key);
      const groups = config?.get('sidebar_groups');
      if (groups !== undefined) dataset.set('app_sidebar_groups', groups);
    },
  },
};

function defaultAppConfig(): Doc {
  return Doc.of(
    ['media_fields', ['filepath']],
    ['grid_media_field', 'filepath'],
    ['modal_media_field', 'filepath'],
    ['sidebar_groups', null],
    ['plugins', new Doc()],
  );
}
