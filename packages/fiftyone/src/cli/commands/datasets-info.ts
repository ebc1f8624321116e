import type { Dataset } from '../../datasets/dataset.js';
import { loadDataset } from '../../datasets/load.js';
import { ExitCode } from '../../errors.js';
import { type Field, typeText } from '../../fields/index.js';
import { withDatabase } from './datasets.js';

/** `fiftyone datasets info NAME`. @returns the exit code */
export function info(name: string, { json }: { json?: boolean }): Promise<number> {
  return withDatabase(async (connection) => {
    const facts = await factsOf(await loadDataset(connection, name));
    process.stdout.write(json ? `${JSON.stringify(facts, undefined, 2)}\n` : `${textOf(facts)}\n`);
    return ExitCode.done;
  });
}

type Facts = Awaited<ReturnType<typeof factsOf>>;

async function factsOf(dataset: Dataset) {
  const { name, version, mediaType, persistent, tags, description, createdAt, lastModifiedAt, groupField } = dataset;
  const group =
    groupField === null ? {} : { groupField, groupSlice: dataset.groupSlice, groupMediaTypes: dataset.groupMediaTypes };
  return {
    name,
    version,
    mediaType,
    samples: await dataset.count(),
    persistent,
    tags,
    description,
    createdAt,
    lastModifiedAt,
    ...group,
    fields: typesOf(dataset.schema),
    ...(dataset.frames() === undefined ? {} : { frameFields: typesOf(dataset.frameSchema) }),
    savedViews: counted(dataset.doc.get('saved_views')),
    workspaces: counted(dataset.doc.get('workspaces')),
    runs: RUNS.reduce((sum, key) => sum + counted(dataset.doc.get(key)), 0),
  };
}

const RUNS = ['annotation_runs', 'brain_methods', 'evaluations', 'runs'];

function counted(value: unknown): number {
  if (Array.isArray(value)) return value.length;
  return value instanceof Map ? value.size : 0;
}

function typesOf(schema: ReadonlyMap<string, Field>): Record<string, string> {
  return Object.fromEntries([...schema].map(([name, field]) => [name, typeText(field)]));
}

const TITLES: Partial<Record<keyof Facts, string>> = {
  name: 'Name',
  version: 'Version',
  mediaType: 'Media type',
  samples: 'Num samples',
  persistent: 'Persistent',
  tags: 'Tags',
  description: 'Description',
  groupField: 'Group field',
  groupSlice: 'Group slice',
  savedViews: 'Saved views',
  workspaces: 'Workspaces',
  runs: 'Runs',
};

function textOf(facts: Facts): string {
  const known = Object.entries(TITLES).filter(([key]) => (facts[key as keyof Facts] ?? null) !== null);
  const width = Math.max(...known.map(([, title]) => title.length)) + 1;
  const lines = known.map(([key, title]) => `${`${title}:`.padEnd(width)}  ${shown(facts[key as keyof Facts])}`);
  const fields = (title: string, types: Record<string, string>) => {
    const widest = Math.max(0, ...Object.keys(types).map((name) => name.length)) + 1;
    return [`${title}:`, ...Object.entries(types).map(([name, type]) => `    ${`${name}:`.padEnd(widest)} ${type}`)];
  };
  const frames = facts.frameFields === undefined ? [] : fields('Frame fields', facts.frameFields);
  return [...lines, ...fields('Sample fields', facts.fields), ...frames].join('\n');
}

function shown(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value) : JSON.stringify(value);
}
