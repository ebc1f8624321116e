import { clone, Doc, ObjectId, type ReadonlyDoc, type Value } from '../../bson/index.js';
import { byId, RUN_MAPS, removeOwn, runIds } from '../linked-runs.js';
import { loss } from '../losses.js';
import { pythonText } from '../python-text.js';
import type { Revision, StepContext } from '../revision.js';
import { datasetId, docAt, isFilled, listAt, setDefault, stringAt } from '../shape.js';
import { datasetSlug, firstCodePoints, MAX_LENGTH } from '../slug.js';
import { timeName } from '../time-name.js';

/** A dataset has a slug, a description and saved views; its runs are documents of their own. */
export const v0_19_0: Revision = {
  version: '0.19.0',
  summary: 'a dataset has a slug, a description and saved views, and its runs are documents of their own',
  up: {
    loses: ({ dataset }) =>
      loss(
        'id in a run',
        runMaps(dataset).flatMap((map) => [...map].flatMap(([key, run]) => idsIn(run, key))),
      ),
    edit({ dataset, runs }, context) {
      if (!dataset.has('slug')) nameWithSlug(dataset, context);
      setDefault(dataset, 'description', null);
      setDefault(dataset, 'saved_views', []);
      for (const map of runMaps(dataset)) {
        for (const [key, run] of map) {
          if (!(run instanceof Doc)) continue;
          const id = context.newId();
          const stored = new Doc([['_id', id], ...without(run, '_id')]);
          stored.set('_dataset_id', datasetId(dataset));
          runs.push(stored);
          map.set(key, id);
        }
      }
      if (hasLegacy3dSettings(dataset)) {
        context.warn(`Dataset '${pythonText(dataset.get('name'))}' uses legacy 3D visualization config settings`);
      }
    },
  },
  down: {
    loses({ dataset, views }) {
      const name = dataset.get('name');
      const slug = dataset.get('slug');
      const isMadeUp = typeof name === 'string' && typeof slug === 'string' && slug !== datasetSlug(name);
      return [
        ...(isFilled(dataset.get('description')) ? [`the description: ${pythonText(dataset.get('description'))}`] : []),
        ...(isMadeUp ? [`the slug: ${slug}`] : []),
        ...loss(
          'saved view',
          savedViews(dataset).map((id) => pythonText(byId(views, id)?.get('name') ?? id)),
        ),
      ];
    },
    edit(draft, context) {
      const { dataset, runs } = draft;
      const views = savedViews(dataset);
      const inlined = runIds(dataset, RUN_MAPS);
      for (const key of ['slug', 'description', 'saved_views']) dataset.delete(key);
      for (const map of runMaps(dataset)) {
        for (const [key, id] of map) {
          if (!(id instanceof ObjectId)) continue;
          const run = byId(runs, id);
          if (run) map.set(key, without(clone(run), '_id', '_dataset_id'));
          else context.warn(`Run '${key}' of dataset '${pythonText(dataset.get('name'))}' has no document ${id}; its key stays`);
        }
      }
      const elsewhere = new Set(runIds(dataset, ['runs']).map(String));
      removeOwn(
        draft,
        'runs',
        inlined.filter((id) => !elsewhere.has(String(id))),
      );
      removeOwn(draft, 'views', views);
    },
  },
};

function runMaps(dataset: ReadonlyDoc): Doc[] {
  return RUN_MAPS.filter((key) => dataset.has(key)).map((key) => docAt(dataset.get(key), key));
}

/** Ids that a run has inside of the dataset's document, where it needs none: it gets others. */
function idsIn(run: Value, key: string): string[] {
  if (!(run instanceof Doc)) return [];
  return ['_id', '_dataset_id'].filter((id) => isFilled(run.get(id))).map((id) => `${id} of ${key}`);
}

function without(run: Doc, ...keys: string[]): Doc {
  return new Doc([...run].filter(([key]) => !keys.includes(key)));
}

function savedViews(dataset: ReadonlyDoc): Value[] {
  const views = dataset.get('saved_views');
  return isFilled(views) ? listAt(views, 'saved_views') : [];
}

function nameWithSlug(dataset: Doc, context: StepContext): void {
  const rename = (to: string, why: string): string => {
    context.warn(why);
    context.warn(`Renaming dataset '${name}' to '${to}'`);
    return to;
  };
  let name = stringAt(dataset.get('name'), 'name');
  let slug = datasetSlug(name);
  if (slug === '') {
    name = rename(timeName(context), `'${firstCodePoints(name)}' has invalid slug-friendly name ''; length 0 < 1`);
    slug = datasetSlug(name);
  }
  if (context.others.names.has(name) || context.others.slugs.has(slug)) {
    const longName = [...`${name}-RENAMED-${timeName(context)}`];
    name = rename(longName.slice(-MAX_LENGTH).join(''), `Dataset name '${name}' conflicts with another dataset's name`);
    slug = datasetSlug(name);
  }
  dataset.set('name', name);
  dataset.set('slug', slug);
}

function hasLegacy3dSettings(dataset: ReadonlyDoc): boolean {
  const inside = (value: Value | undefined, key: string) => (value instanceof Doc ? value.get(key) : undefined);
  const settings = inside(inside(dataset.get('app_config'), 'plugins'), '3d');
  const has = (part: string, key: string) => {
    const value = inside(settings, part);
    return value instanceof Doc && value.has(key);
  };
  return has('overlay', 'itemRotation') || has('overlay', 'rotation') || has('pointCloud', 'rotation');
}
