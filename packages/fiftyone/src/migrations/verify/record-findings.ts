import { Doc, equal, ObjectId, type ReadonlyDoc, type Value } from '../../bson/index.js';
import { collectionName } from '../collection-name.js';
import { byId } from '../linked-runs.js';
import { ALL_RUN_MAPS, runIdsOf, viewIdsOf } from '../read-record.js';
import type { DatasetRecord } from '../revision.js';
import type { Finding } from './finding.js';

/** What a record is checked against. */
export interface Surroundings {
  readonly collections: ReadonlySet<string>;
  /** The datasets that name a collection as that of their samples. */
  readonly datasetsOf: (samples: string) => readonly string[];
}

/** What is wrong with the small documents of a dataset: links that lead nowhere, and collections that are missing or shared. */
export function recordFindings(record: DatasetRecord, { collections, datasetsOf }: Surroundings): Finding[] {
  const { dataset } = record;
  return [
    ...collectionFindings(dataset, collections, datasetsOf),
    ...runsNamed(dataset).flatMap(({ name, id }) => linkFindings(dataset, record.runs, 'runs', name, id)),
    ...viewIdsOf(dataset as Doc).flatMap((id) => linkFindings(dataset, record.views, 'views', 'saved view', id)),
    ...unnamed(dataset, record.runs, 'runs', runIdsOf(dataset as Doc)),
    ...unnamed(dataset, record.views, 'views', viewIdsOf(dataset as Doc)),
  ];
}

/** Of frames nothing can be said: a video without any has no collection of them. */
function collectionFindings(
  dataset: ReadonlyDoc,
  collections: ReadonlySet<string>,
  datasetsOf: Surroundings['datasetsOf'],
): Finding[] {
  const findings: Finding[] = [];
  const samples = collectionName(dataset, 'sample_collection_name');
  if (samples === undefined) return [{ problem: 'it names no collection of samples', next: BY_HAND }];
  if (!collections.has(samples))
    findings.push({ problem: 'the collection of its samples is missing', collection: samples, next: RESTORE });
  const others = datasetsOf(samples);
  if (others.length > 1) {
    const names = others.map((name) => `'${name}'`).join(', ');
    findings.push({ problem: `several datasets name one collection of samples: ${names}`, collection: samples, next: BY_HAND });
  }
  return findings;
}

function runsNamed(dataset: ReadonlyDoc): { name: string; id: ObjectId }[] {
  return ALL_RUN_MAPS.flatMap((map) => {
    const runs = dataset.get(map);
    if (!(runs instanceof Doc)) return [];
    return [...runs].flatMap(([key, id]) =>
      id instanceof ObjectId ? [{ name: `run ${JSON.stringify(key)} in ${map}`, id }] : [],
    );
  });
}

function linkFindings(
  dataset: ReadonlyDoc,
  docs: readonly ReadonlyDoc[],
  collection: 'runs' | 'views',
  name: string,
  id: ObjectId,
): Finding[] {
  const doc = byId(docs, id);
  const about = { collection, example: id as Value };
  if (doc === undefined) return [{ ...about, problem: `the document of ${name} is missing`, next: RESTORE }];
  const owner = doc.get('_dataset_id') ?? null;
  if (owner !== null && equal(owner, dataset.get('_id') ?? null)) return [];
  return [{ ...about, problem: `the document of ${name} does not name this dataset`, next: setOwner(collection, id, dataset) }];
}

function setOwner(collection: string, id: ObjectId, dataset: ReadonlyDoc): string {
  const own = `ObjectId("${String(dataset.get('_id'))}")`;
  return `mend it in mongosh: db.${collection}.updateOne({"_id": ObjectId("${id}")}, {"$set": {"_dataset_id": ${own}}})`;
}

/** Documents that name the dataset, and that it does not name. */
function unnamed(
  dataset: ReadonlyDoc,
  docs: readonly ReadonlyDoc[],
  collection: 'runs' | 'views',
  ids: readonly ObjectId[],
): Finding[] {
  const named = new Set(ids.map(String));
  const own = docs.filter((doc) => equal(doc.get('_dataset_id') ?? null, dataset.get('_id') ?? null));
  const lost = own.filter((doc) => !named.has(String(doc.get('_id'))));
  if (lost.length === 0) return [];
  return [
    {
      problem: 'documents name this dataset, but it does not name them',
      collection,
      documents: lost.length,
      example: lost[0]?.get('_id') ?? null,
      next: 'clients never show them: look at them in mongosh, and delete them if nobody misses them',
    },
  ];
}

const BY_HAND = 'correct the document of the dataset by hand';
const RESTORE = 'restore it from a backup';
