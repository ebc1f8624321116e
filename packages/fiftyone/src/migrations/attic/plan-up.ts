import { clone, type Doc, equal, type ReadonlyDoc, type Value } from '../../bson/index.js';
import { compareBase, missingVersion } from '../../version.js';
import { changesOf, type DatasetPlan, planDataset, type Stage } from '../plan.js';
import type { PathFinder } from '../realm.js';
import type { BulkEdit, DatasetRecord, KeptIndex, StepContext } from '../revision.js';
import { type SchemaKey, topLevelFields } from '../schema-fields.js';
import { isFilled } from '../shape.js';
import { adoptIds } from './adopt-ids.js';
import { aside } from './aside.js';
import type { KeptFields, Restoring } from './changes.js';
import { type AtticEntry, entryId, runText } from './entry.js';
import { fieldsOf } from './fields-of.js';
import { mark, putBack } from './kept-documents.js';
import { mergeRecords } from './merge.js';
import { atticStage, bypassed } from './plan-down.js';

/** Samples and frames have the same layout in all releases from this one on. */
const SAME_LAYOUT = '0.7.2';

/**
 * Plans the way up and puts back, as far as nobody changed it meanwhile, what entries of the attic have kept: each where it
 * was taken out, newest first, or as near as the way goes.
 */
export function planUp(
  record: DatasetRecord,
  from: string | null,
  to: string,
  pathBetween: PathFinder,
  context: Omit<StepContext, 'warn'>,
  entries: readonly AtticEntry[],
): DatasetPlan {
  const run = runText(context.now);
  const restoring: Restoring[] = [];
  const way = new Way(record, from ?? missingVersion, pathBetween, context);
  for (const entry of entries) {
    if (compareBase(entry.from, way.at) <= 0) {
      restoring.push(bypassed(entry));
      continue;
    }
    if (compareBase(to, entry.to) <= 0) continue;
    const place = lower(to, higher(entry.from, way.at));
    const base = aside(entry.after, entry.to, place, pathBetween, context.now, 'after');
    const theirs = aside(entry.before, entry.from, place, pathBetween, context.now, 'before');
    const blocked = [...base.blocked, ...theirs.blocked];
    if (blocked.length > 0) {
      restoring.push({ entry, done: 'nothing', putBack: [], left: blocked, documents: [] });
      continue;
    }
    const start = way.at;
    const marked = way.stages.length;
    if (!way.go(place)) break;
    const ours = way.adopt(theirs.after);
    const { record: original } = adoptIds(base.after, base.made, theirs.after);
    const merged = mergeRecords(original, ours, theirs.after);
    const { put, taken } = withOwnNames(merged.record, ours, context.others);
    const isPart = compareBase(place, entry.from) < 0;
    const documents = hasSameLayout(entry.to, start)
      ? documentsOf(entry, run, theirs.after, put, base.stages, isPart ? theirs.stages : [])
      : [];
    if (documents.length > 0) {
      const [marks, back] = [
        documents.map(({ kept }) => mark(kept, run)),
        documents.map(({ kept, except, later }) => putBack(kept, run, [...except, ...later])),
      ];
      way.stages.splice(marked, 0, atticStage('attic: compare', marks));
      way.stages.push(atticStage('attic: put back', back));
    }
    const dropped = isPart ? theirs.stages.flatMap(({ bulk }) => bulk).filter(({ kind }) => kind === 'drop-index') : [];
    const indexes = entry.indexes.filter((index) => !dropped.some(({ collection }) => collection === index.collection));
    if (indexes.length > 0) way.stages.push(atticStage('attic: indexes', indexes.map(createIndex)));
    if (isPart) way.stages.push({ ...atticStage('attic: files', []), files: theirs.stages.flatMap(({ files }) => files) });
    restoring.push({
      entry,
      done: isPart ? 'part' : 'all',
      ...(isPart ? { written: { ...entry, id: entryId(entry, place, run), to: place, by: run, after: theirs.after } } : {}),
      putBack: changedPlaces(ours, put),
      left: [
        ...merged.left,
        ...taken,
        ...(!isPart && documents.length < entry.collections.length ? ['values of samples and frames'] : []),
      ],
      documents,
    });
    way.record = put;
  }
  way.go(to);
  return { ...way.plan(to), ...(restoring.length > 0 ? { attic: { restoring } } : {}) };
}

/** A way up in several parts, between which the record changes. */
class Way {
  stages: Stage[] = [];
  record: DatasetRecord;
  readonly #made = new Set<string>();
  readonly #warnings: string[] = [];
  #last: DatasetPlan | undefined;

  constructor(
    readonly begin: DatasetRecord,
    public at: string,
    readonly pathBetween: PathFinder,
    readonly context: Omit<StepContext, 'warn'>,
  ) {
    this.record = begin;
  }

  /** Goes on to a version. @returns false when that is not possible */
  go(to: string): boolean {
    if (this.#last && this.#last.blocked.length > 0) return false;
    const { path } = this.pathBetween(this.at, to, false);
    const newId = () => {
      const id = this.context.newId();
      this.#made.add(id.toHexString());
      return id;
    };
    this.#last = planDataset(this.record, to, 'up', path, () => ({
      ...this.context,
      newId,
      warn: (text) => this.#warnings.push(text),
    }));
    this.stages.push(...this.#last.stages);
    this.record = this.#last.after;
    this.at = to;
    return this.#last.blocked.length === 0;
  }

  /** Takes over the ids of an original for what this way has made up. */
  adopt(original: DatasetRecord): DatasetRecord {
    const { record, ids } = adoptIds(this.record, this.#made, original);
    this.stages = this.stages.map((stage) => ({
      ...stage,
      files: stage.files.map((edit) => ({ ...edit, run: ids.get(String(edit.run)) ?? edit.run })),
    }));
    return record;
  }

  plan(to: string): DatasetPlan {
    const last = this.#last as DatasetPlan;
    const first = planDataset(this.begin, to, 'up', [], () => ({ ...this.context, warn: () => {} }));
    return {
      ...first,
      stages: this.stages,
      blocked: last.blocked,
      loses: this.stages.flatMap((stage) => stage.loses),
      warnings: this.#warnings,
      after: last.blocked.length > 0 ? this.begin : last.after,
    };
  }
}

/** Names and slugs are unique in a database: where somebody else has them by now, our own stay. */
function withOwnNames(
  merged: DatasetRecord,
  ours: DatasetRecord,
  others: StepContext['others'],
): { put: DatasetRecord; taken: string[] } {
  const used = [
    ['name', others.names],
    ['slug', others.slugs],
  ] as const;
  const taken = used.filter(([key, known]) => {
    const value = merged.dataset.get(key);
    return typeof value === 'string' && value !== ours.dataset.get(key) && known.has(value);
  });
  if (taken.length === 0) return { put: merged, taken: [] };
  const dataset = clone(merged.dataset as Doc);
  for (const [key] of taken) dataset.set(key, ours.dataset.get(key) ?? null);
  return { put: { ...merged, dataset }, taken: taken.map(([key]) => `${key}, which another dataset has by now`) };
}

function createIndex(index: KeptIndex): BulkEdit {
  return { kind: 'create-index', summary: `make index ${index.name} again`, collection: index.collection, index };
}

function hasSameLayout(a: string, b: string): boolean {
  const all = [a, b].every((version) => compareBase(version, SAME_LAYOUT) >= 0);
  // before 0.6.2 no version is stored
  return all || compareBase(a, b) === 0 || (b === missingVersion && compareBase(a, '0.6.2') < 0);
}

/**
 * The documents to put back; not the fields that the schema has lost, nor those about which edits on the way `up` decide, nor
 * those that are taken out again on the way `down`.
 */
function documentsOf(
  entry: AtticEntry,
  run: string,
  theirs: DatasetRecord,
  put: DatasetRecord,
  up: readonly Stage[],
  down: readonly Stage[],
): KeptFields[] {
  if (down.length > 0 && compareBase(entry.to, SAME_LAYOUT) < 0) return [];
  const samples = theirs.dataset.get('sample_collection_name');
  return entry.collections.map((collection) => {
    const schema = collection === samples ? 'sample_fields' : collection === `frames.${samples}` ? 'frame_fields' : undefined;
    const others = schema === undefined ? [] : otherFields(theirs.dataset, put.dataset, schema);
    const editsOf = (stages: readonly Stage[]) =>
      stages.flatMap(({ bulk }) => bulk).filter((edit) => edit.collection === collection);
    const decided = editsOf(up).flatMap((edit) => (edit.kind === 'update' ? (edit.decides ?? []) : []));
    return {
      kept: { documents: entry.documents, collection },
      run,
      except: others,
      later: [...new Set([...editsOf(down).flatMap((edit) => fieldsOf(edit) ?? []), ...decided])],
    };
  });
}

/** The stored names of the fields that are other fields by now, or none. */
function otherFields(theirs: ReadonlyDoc, put: ReadonlyDoc, schema: SchemaKey): string[] {
  const now = topLevelFields(put, schema);
  return topLevelFields(theirs, schema).flatMap((field) => {
    const isSame = (other: Doc) =>
      ['name', 'ftype', 'embedded_doc_type', 'subfield'].every((key) => equal(field.get(key) ?? null, other.get(key) ?? null));
    const name = field.get('db_field') ?? field.get('name');
    return now.some(isSame) || typeof name !== 'string' ? [] : [name];
  });
}

/** What of a record changes, in words: the keys of the dataset's document that have a value, how many runs and views. */
function changedPlaces(before: DatasetRecord, after: DatasetRecord): string[] {
  const keys = [...new Set([...before.dataset.keys(), ...after.dataset.keys()])];
  const isSame = (a: Value | undefined, b: Value | undefined) => (a === undefined || b === undefined ? a === b : equal(a, b));
  const changed = keys.filter(
    (key) => isFilled(after.dataset.get(key)) && !isSame(before.dataset.get(key), after.dataset.get(key)),
  );
  const counts = (['runs', 'views'] as const).flatMap((side) => {
    const { inserted, replaced } = changesOf(before[side], after[side]);
    const n = inserted.length + replaced.length;
    return n === 0 ? [] : [`${n} ${side === 'runs' ? 'run' : 'saved view'}${n === 1 ? '' : 's'}`];
  });
  return [...changed, ...counts];
}

function lower(a: string, b: string): string {
  return compareBase(a, b) <= 0 ? a : b;
}

function higher(a: string, b: string): string {
  return compareBase(a, b) >= 0 ? a : b;
}
