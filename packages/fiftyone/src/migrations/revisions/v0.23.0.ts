import { Doc, double, equal, type ReadonlyDoc, type Value } from '../../bson/index.js';
import { RUN_MAPS, removeOwn, runIds } from '../linked-runs.js';
import { loss } from '../losses.js';
import { pythonText } from '../python-text.js';
import type { Revision } from '../revision.js';
import { docAt, isFilled, listAt, setDefault } from '../shape.js';

/** A dataset has custom runs; its color scheme has more settings. */
export const v0_23_0: Revision = {
  version: '0.23.0',
  summary: 'a dataset has custom runs, and its color scheme has more settings',
  up: {
    edit({ dataset }, context) {
      setDefault(dataset, 'runs', new Doc());
      const config = dataset.get('app_config') ?? null;
      const scheme = config === null ? null : (docAt(config, 'app_config').get('color_scheme') ?? null);
      if (scheme === null) return;
      const colors = docAt(scheme, 'app_config.color_scheme');
      colors.set('_id', context.newId());
      for (const [key, value] of newSettings()) setDefault(colors, key, value);
      for (const field of coloredFields(colors)) setDefault(field, 'maskTargetsColors', []);
    },
  },
  down: {
    loses({ dataset }) {
      const runs = customRuns(dataset);
      const colors = colorScheme(dataset);
      const defaults = newSettings();
      const settings = [...(colors ?? [])].filter(
        ([key, value]) => defaults.has(key) && !equal(value, defaults.get(key) as Value),
      );
      const masks = coloredFields(colors).filter((field) => isFilled(field.get('maskTargetsColors')));
      return [
        ...loss('custom run', [...(runs?.keys() ?? [])]),
        ...loss(
          'color scheme setting',
          settings.map(([key]) => key),
        ),
        ...loss(
          'mask target color list',
          masks.map((field) => pythonText(field.get('path'))),
        ),
      ];
    },
    edit(draft) {
      const { dataset } = draft;
      const runs = customRuns(dataset);
      const elsewhere = new Set(runIds(dataset, RUN_MAPS).map(String));
      dataset.delete('runs');
      removeOwn(
        draft,
        'runs',
        [...(runs?.values() ?? [])].filter((id) => !elsewhere.has(String(id))),
      );
      const colors = colorScheme(dataset);
      for (const key of ['_id', ...newSettings().keys()]) colors?.delete(key);
      for (const field of coloredFields(colors)) field.delete('maskTargetsColors');
    },
  },
};

function newSettings(): Doc {
  return Doc.of(
    ['color_by', 'field'],
    ['colorscales', []],
    ['default_mask_targets_colors', []],
    ['default_colorscale', Doc.of(['name', 'viridis'], ['list', null])],
    ['label_tags', Doc.of(['fieldColor', null], ['valueColors', []])],
    ['multicolor_keypoints', false],
    ['opacity', double(0.7)],
    ['show_skeletons', true],
  );
}

function customRuns(dataset: ReadonlyDoc): Doc | undefined {
  const runs = dataset.get('runs');
  return isFilled(runs) ? docAt(runs, 'runs') : undefined;
}

function colorScheme(dataset: ReadonlyDoc): Doc | undefined {
  const config = dataset.get('app_config');
  const scheme = isFilled(config) ? docAt(config, 'app_config').get('color_scheme') : undefined;
  return isFilled(scheme) ? docAt(scheme, 'app_config.color_scheme') : undefined;
}

function coloredFields(colors: Doc | undefined): Doc[] {
  const fields = colors?.get('fields');
  if (!isFilled(fields)) return [];
  const where = 'app_config.color_scheme.fields';
  return listAt(fields, where).flatMap((field, i) => (field === null ? [] : [docAt(field, `${where}[${i}]`)]));
}
