import type { Doc, ReadonlyDoc } from '../../bson/index.js';
import { loss } from '../losses.js';
import { pythonText } from '../python-text.js';
import type { Revision } from '../revision.js';
import { allFields } from '../schema-fields.js';
import { docAt, docsAt, setDefault } from '../shape.js';

/** Fields have descriptions and info; the App remembers how its sidebar looks. */
export const v0_18_0: Revision = {
  version: '0.18.0',
  summary: 'fields have a description and info, and the App remembers how its sidebar looks',
  up: {
    edit({ dataset }) {
      const config = appConfig(dataset);
      if (config !== undefined) setDefault(config, 'sidebar_mode', null);
      for (const group of sidebarGroups(config)) setDefault(group, 'expanded', null);
      for (const { entry } of allFields(dataset)) {
        setDefault(entry, 'description', null);
        setDefault(entry, 'info', null);
      }
    },
  },
  down: {
    loses({ dataset }) {
      const config = appConfig(dataset);
      const fields = allFields(dataset);
      const fieldsWith = (key: string) => fields.filter(({ entry }) => has(entry, key)).map(({ path }) => path);
      const expanded = sidebarGroups(config).filter((group) => has(group, 'expanded'));
      return [
        ...(config !== undefined && has(config, 'sidebar_mode')
          ? [`the App's sidebar mode: ${pythonText(config.get('sidebar_mode'))}`]
          : []),
        ...loss(
          'expanded or folded sidebar group',
          expanded.map((group) => pythonText(group.get('name'))),
        ),
        ...loss('field description', fieldsWith('description')),
        ...loss('field info', fieldsWith('info')),
      ];
    },
    edit({ dataset }) {
      const config = appConfig(dataset);
      config?.delete('sidebar_mode');
      for (const group of sidebarGroups(config)) group.delete('expanded');
      for (const { entry } of allFields(dataset)) {
        entry.delete('description');
        entry.delete('info');
      }
    },
  },
};

function appConfig(dataset: ReadonlyDoc): Doc | undefined {
  const config = dataset.get('app_config') ?? null;
  return config === null ? undefined : docAt(config, 'app_config');
}

function sidebarGroups(config: Doc | undefined): Doc[] {
  const groups = config?.get('sidebar_groups') ?? null;
  return groups === null ? [] : docsAt(groups, 'app_config.sidebar_groups');
}

function has(doc: Doc, key: string): boolean {
  return (doc.get(key) ?? null) !== null;
}
