import type { Db } from 'mongodb';
import { Doc, decode, type ReadonlyDoc, type Value } from '../../bson/index.js';
import { ImportError, StoppedError } from '../../errors.js';
import { loadDocuments } from './load-documents.js';
import { mediaPath } from './media-paths.js';
import { frameMedia, sampleMedia } from './media-values.js';
import { DocumentRewriter } from './rewrite-document.js';
import type { Staging } from './stage-dataset.js';

/** Keys that every release writes, whether or not the schema of the export declares them. */
const ALWAYS = '_id filepath tags metadata _media_type _rand _dataset_id created_at last_modified_at'.split(' ');
const ALWAYS_IN_FRAMES = '_id _sample_id frame_number _dataset_id created_at last_modified_at'.split(' ');

type SchemaKey = 'sample_fields' | 'frame_fields';

/** Inserts the samples and frames of an export. @throws ImportError for keys that the schema does not declare */
export async function loadExport(staging: Staging, db: Db): Promise<{ samples: number; frames: number }> {
  const { folder, identity, options, record, plan, lease } = staging;
  const root = options.relDir ?? folder.path;
  const before = plan?.before.dataset ?? record.dataset;
  const rewriting = (key: SchemaKey, always: readonly string[]) => ({
    dataset: identity.id,
    now: identity.now,
    declared: new Set([...always, ...declaredKeys(before, key), ...declaredKeys(record.dataset, key)]),
  });
  const samples = new DocumentRewriter({
    ...rewriting('sample_fields', ALWAYS),
    filepath: (given) => mediaPath(root, given),
    tags: options.tags,
    media: sampleMedia(folder, options.relDir),
  });
  const media = await frameMedia(folder, options.relDir);
  const frames = new DocumentRewriter({ ...rewriting('frame_fields', ALWAYS_IN_FRAMES), media });
  const common = {
    db,
    check: () => {
      if (options.signal?.aborted) throw new StoppedError('the import was stopped: nothing of it stays');
      lease.check();
    },
  };
  // only then frames of samples that were left out have to be known
  const chosen = options.maxSamples === undefined ? undefined : new Set<string>();
  const counts = { samples: 0, frames: 0 };
  counts.samples = await loadDocuments({
    ...common,
    collection: identity.samples,
    from: folder.samples,
    rewriter: samples,
    most: options.maxSamples,
    onRead: () => {},
    onDocument: chosen && ((doc) => chosen.add(String(decode(doc).get('_id')))),
  });
  if (folder.frames !== undefined && identity.frames !== undefined) {
    counts.frames = await loadDocuments({
      ...common,
      collection: identity.frames,
      from: folder.frames,
      rewriter: frames,
      onRead: () => {},
      wanted: chosen && ((doc) => chosen.has(String(decode(doc).get('_sample_id')))),
    });
  }
  const reasons = [...undeclared(samples, 'sample', 'sample_fields'), ...undeclared(frames, 'frame', 'frame_fields')];
  if (reasons.length > 0) {
    throw new ImportError(
      folder.path,
      reasons,
      'declare them in metadata.json: a client of FiftyOne could not read such a dataset',
    );
  }
  return counts;
}

/** The keys under which documents have the fields of a schema. */
export function declaredKeys(dataset: ReadonlyDoc, key: SchemaKey): string[] {
  const fields = dataset.get(key);
  if (!Array.isArray(fields)) return [];
  return fields.flatMap((field) => (field instanceof Doc ? storedKey(field) : []));
}

function storedKey(field: Doc): string[] {
  const stored: Value | undefined = field.get('db_field') ?? field.get('name');
  return typeof stored === 'string' ? [stored] : [];
}

function undeclared(rewriter: DocumentRewriter, what: string, schema: SchemaKey): string[] {
  return [...rewriter.undeclared.values()].map(
    ({ key, count, first }) => `'${key}' of ${count} ${what}s (the first is ${what} ${first + 1}) is not in ${schema}`,
  );
}
