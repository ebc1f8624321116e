import { Doc, type ReadonlyDoc } from '../../bson/index.js';
import { pythonText } from '../python-text.js';
import type { Revision } from '../revision.js';

/** The App no longer has a sidebar mode. */
export const v1_1_0: Revision = {
  version: '1.1.0',
  summary: 'the App no longer has a sidebar mode',
  up: {
    loses({ dataset }) {
      const mode = appConfig(dataset)?.get('sidebar_mode') ?? null;
      return mode === null ? [] : [`the sidebar mode of the App: ${pythonText(mode)}`];
    },
    edit({ dataset }) {
      appConfig(dataset)?.delete('sidebar_mode');
    },
  },
  down: {},
};

function appConfig(dataset: ReadonlyDoc): Doc | undefined {
  const config = dataset.get('app_config');
  return config instanceof Doc ? config : undefined;
}
