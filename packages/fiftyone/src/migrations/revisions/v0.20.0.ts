import { Doc, ObjectId, type ReadonlyDoc } from '../../bson/index.js';
import { rewritePythonJson } from '../../bson/python-json.js';
import { MalformedError } from '../../errors.js';
import { collectionName } from '../collection-name.js';
import { byId } from '../linked-runs.js';
import { loss } from '../losses.js';
import { pythonText } from '../python-text.js';
import type { BulkEdit, DatasetRecord, FileEdit, Pending, Revision, StepContext } from '../revision.js';
import { topLevelFields } from '../schema-fields.js';
import { datasetId, docAt, docsAt, isFilled, kindOf, stringAt } from '../shape.js';

/** What a run of the similarity method says about itself. */
interface SimilarityMethod {
  readonly config: string;
  readonly results: string;
  readonly method: string;
}

const BEFORE: SimilarityMethod = {
  config: 'fiftyone.brain.similarity.SimilarityConfig',
  results: 'fiftyone.brain.similarity.SimilarityResults',
  method: 'similarity',
};

const AFTER: SimilarityMethod = {
  config: 'fiftyone.brain.internal.core.sklearn.SklearnSimilarityConfig',
  results: 'fiftyone.brain.internal.core.sklearn.SklearnSimilarityIndex',
  method: 'sklearn',
};

const DOCUMENTS = [
  { fields: 'sample_fields', collection: 'sample_collection_name' },
  { fields: 'frame_fields', collection: 'frame_collection_name' },
] as const;

const TAG_PATHS = ['tags', '_label_tags'];

/** Samples and frames name their dataset; similarity is one of several backends; the App shows both kinds of tags together. */
export const v0_20_0: Revision = {
  version: '0.20.0',
  summary: 'samples and frames name their dataset, similarity has backends, and the App shows all tags in one group',
  up: {
    loses: (record) => [...lostTagPaths(record.dataset), ...lostMethods(record, BEFORE)],
    bulk({ dataset }) {
      return DOCUMENTS.filter(({ fields }) => needsField(dataset, fields)).flatMap(({ collection }): BulkEdit[] => {
        const name = collectionName(dataset, collection);
        if (name === undefined) return [];
        const id = datasetId(dataset);
        return [
          {
            kind: 'update',
            summary: 'write the id of the dataset',
            collection: name,
            // unlike a plain $ne this does not take a list that contains the id for the id
            filter: { $expr: { $ne: ['$_dataset_id', id] } },
            update: [{ $set: { _dataset_id: id } }],
            harmless: true,
          },
        ];
      });
    },
    files: (record) => resultFiles(record, BEFORE, AFTER),
    edit({ dataset, runs }, context) {
      for (const { fields } of DOCUMENTS) {
        if (needsField(dataset, fields)) dataset.set(fields, [...docsAt(dataset.get(fields), fields), datasetIdField()]);
      }
      const groups = sidebarGroups(dataset);
      for (const group of named(groups, 'tags')) group.set('paths', [...TAG_PATHS]);
      const last = named(groups, 'label tags').at(-1);
      if (last)
        setSidebarGroups(
          dataset,
          groups.filter((group) => group !== last),
        );
      changeMethod({ dataset, runs }, BEFORE, AFTER, context);
    },
  },
  down: {
    loses: (record) => [...lostTagPaths(record.dataset), ...lostMethods(record, AFTER)],
    files: (record) => resultFiles(record, AFTER, BEFORE),
    edit({ dataset, runs }, context) {
      if (isFilled(dataset.get('sample_collection_name')) && !isFilled(dataset.get('frame_collection_name'))) {
        const samples = stringAt(dataset.get('sample_collection_name'), 'sample_collection_name');
        dataset.set('frame_collection_name', `frames.${samples}`);
      }
      const groups = sidebarGroups(dataset);
      const [tags, labelTags] = [named(groups, 'tags'), named(groups, 'label tags')];
      for (const group of [...tags, ...labelTags]) group.set('paths', []);
      const last = tags.at(-1);
      if (last && labelTags.length === 0) {
        groups.splice(groups.indexOf(last) + 1, 0, Doc.of(['name', 'label tags'], ['paths', []]));
        setSidebarGroups(dataset, groups);
      }
      changeMethod({ dataset, runs }, AFTER, BEFORE, context);
    },
  },
  pending(dataset, owners) {
    return DOCUMENTS.flatMap(({ fields, collection }): Pending[] => {
      const name = collectionName(dataset, collection);
      if (name === undefined || !declares(dataset, fields)) return [];
      const ids = owners(name);
      return [
        {
          problem: '_dataset_id is not the id of the dataset',
          collection: name,
          filter: { $expr: { $not: [{ $in: ['$_dataset_id', ids] }] } },
          mend: { $set: { _dataset_id: ids.length === 1 ? ids[0] : datasetId(dataset) } },
        },
      ];
    });
  },
};

function needsField(dataset: ReadonlyDoc, fields: 'sample_fields' | 'frame_fields'): boolean {
  const schema = dataset.get(fields);
  return isFilled(schema) && !docsAt(schema, fields).some((field) => field.get('name') === '_dataset_id');
}

function declares(dataset: ReadonlyDoc, fields: 'sample_fields' | 'frame_fields'): boolean {
  return topLevelFields(dataset, fields).some((field) => field.get('name') === '_dataset_id');
}

function datasetIdField(): Doc {
  return Doc.of(
    ['name', '_dataset_id'],
    ['ftype', 'fiftyone.core.fields.ObjectIdField'],
    ['embedded_doc_type', null],
    ['subfield', null],
    ['fields', []],
    ['db_field', '_dataset_id'],
    ['description', null],
    ['info', null],
  );
}

function appConfig(dataset: ReadonlyDoc): Doc | undefined {
  const config = dataset.get('app_config') ?? null;
  return config === null ? undefined : docAt(config, 'app_config');
}

function sidebarGroups(dataset: ReadonlyDoc): Doc[] {
  const groups = appConfig(dataset)?.get('sidebar_groups') ?? null;
  return groups === null ? [] : docsAt(groups, 'app_config.sidebar_groups');
}

function setSidebarGroups(dataset: ReadonlyDoc, groups: Doc[]): void {
  appConfig(dataset)?.set('sidebar_groups', groups);
}

function named(groups: readonly Doc[], name: string): Doc[] {
  return groups.filter((group) => group.get('name') === name);
}

function lostTagPaths(dataset: ReadonlyDoc): string[] {
  const groups = sidebarGroups(dataset);
  const paths = [...named(groups, 'tags'), ...named(groups, 'label tags')].flatMap((group) => group.get('paths') ?? []);
  return loss('App sidebar tag path', paths.filter((path) => !TAG_PATHS.includes(path as string)).map(pythonText));
}

interface SimilarityRun {
  readonly key: string;
  readonly run: ReadonlyDoc;
  readonly config: Doc;
}

/** The brain runs that are of this method. A run without a document has nothing that could be changed. */
function similarityRuns({ dataset, runs }: Pick<DatasetRecord, 'dataset' | 'runs'>, method: SimilarityMethod): SimilarityRun[] {
  return brainMethods(dataset).flatMap(([key, id]): SimilarityRun[] => {
    const run = byId(runs, id);
    if (!run || !isFilled(run.get('config'))) return [];
    const config = docAt(run.get('config'), `runs.${id}.config`);
    return config.get('cls') === method.config ? [{ key, run, config }] : [];
  });
}

function brainMethods(dataset: ReadonlyDoc): [string, ObjectId][] {
  if (!dataset.has('brain_methods')) return [];
  return [...docAt(dataset.get('brain_methods'), 'brain_methods')].map(([key, id]) => {
    if (!(id instanceof ObjectId)) throw new MalformedError(`brain_methods.${key}`, kindOf(id), 'an ObjectId');
    return [key, id];
  });
}

function changeMethod(
  record: Pick<DatasetRecord, 'dataset' | 'runs'>,
  from: SimilarityMethod,
  to: SimilarityMethod,
  context: StepContext,
): void {
  for (const { config } of similarityRuns(record, from)) {
    config.set('cls', to.config);
    config.set('method', to.method);
  }
  for (const [key, id] of brainMethods(record.dataset)) {
    if (byId(record.runs, id)) continue;
    context.warn(
      `Brain run '${key}' of dataset '${pythonText(record.dataset.get('name'))}' has no document ${id}; its key stays`,
    );
  }
}

function lostMethods(record: DatasetRecord, from: SimilarityMethod): string[] {
  const changed = similarityRuns(record, from).filter(
    ({ config }) => config.has('method') && config.get('method') !== from.method,
  );
  return loss(
    'brain run method',
    changed.map(({ key, config }) => `${pythonText(config.get('method'))} of ${key}`),
  );
}

function resultFiles(record: DatasetRecord, from: SimilarityMethod, to: SimilarityMethod): FileEdit[] {
  const edits = new Map<string, FileEdit>();
  for (const { run } of similarityRuns(record, from)) {
    const [id, file] = [run.get('_id') as ObjectId, run.get('results') ?? null];
    if (file !== null) edits.set(id.toHexString(), { run: id, file, rewrite: (text) => withClass(text, to.results) });
  }
  return [...edits.values()];
}

/** Results that are not what any release writes are left alone. */
function withClass(text: string, cls: string): string | undefined {
  try {
    return rewritePythonJson(text, { cls });
  } catch (error) {
    // a RangeError: nested too deeply, or too long for a string
    if (error instanceof SyntaxError || error instanceof RangeError) return undefined;
    throw error;
  }
}
