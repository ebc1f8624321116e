import { Doc, type Value } from '../../bson/index.js';
import type { Release } from '../release-documents.js';
import { topLevelFields } from '../schema-fields.js';
import { isFilled } from '../shape.js';
import { AUTOMATIC_DATES } from './schema.js';

/** A document within the dataset document that some releases read only if they know all its keys. */
interface Strict {
  readonly document: string;
  readonly doc: Value | undefined;
  /** What people call one of its keys, or undefined if its value says nothing. */
  called(key: string): string | undefined;
}

/**
 * Removes the keys that a release does not know from the documents in which it refuses them.
 *
 * @returns the names of those that had a value: `app_config.media_fallback`, `read_only of field a`
 */
export function removeUnknownKeys(dataset: Doc, release: Release): string[] {
  const removed = new Set<string>();
  for (const { document, doc, called } of strictDocuments(dataset)) {
    const known = release.keys.get(document);
    if (known === undefined || !(doc instanceof Doc)) continue;
    for (const [key, value] of [...doc]) {
      if (key === '_cls' || known.has(key)) continue;
      doc.delete(key);
      const name = isFilled(value) ? called(key) : undefined;
      if (name !== undefined) removed.add(name);
    }
  }
  return [...removed];
}

// Lazy, so that nothing of what was removed with its parent is looked at.
function* strictDocuments(dataset: Doc): Generator<Strict> {
  yield { document: 'DatasetDocument', doc: dataset, called: (key) => key };

  const config = dataset.get('app_config');
  yield { document: 'DatasetAppConfig', doc: config, called: (key) => `app_config.${key}` };
  const groups = config instanceof Doc ? config.get('sidebar_groups') : dataset.get('app_sidebar_groups');
  for (const doc of itemsOf(groups)) yield { document: 'SidebarGroupDocument', doc, called: (key) => `${key} of sidebar groups` };

  for (const doc of [...itemsOf(dataset.get('skeletons')), dataset.get('default_skeleton')]) {
    yield { document: 'KeypointSkeleton', doc, called: (key) => `${key} of skeletons` };
  }
  for (const kind of ['annotation_runs', 'brain_methods', 'evaluations']) {
    for (const doc of itemsOf(dataset.get(kind))) {
      yield { document: 'EvaluationDocument', doc, called: (key) => `${key} of ${kind}` };
      yield { document: 'RunDocument', doc, called: (key) => `${key} of ${kind}` };
    }
  }
  for (const field of topLevelFields(dataset, 'sample_fields')) yield* strictFields(field, '');
  for (const field of topLevelFields(dataset, 'frame_fields')) yield* strictFields(field, 'frames.');
}

function* strictFields(field: Value, parent: string): Generator<Strict> {
  if (!(field instanceof Doc)) return;
  const name = `${parent}${field.get('name')}`;
  yield { document: 'SampleFieldDocument', doc: field, called: (key) => calledOfField(key, name) };
  for (const embedded of itemsOf(field.get('fields'))) yield* strictFields(embedded, `${name}.`);
}

function calledOfField(key: string, field: string): string | undefined {
  if (key === 'read_only' && AUTOMATIC_DATES.has(field.replace(/^frames\./, ''))) return undefined;
  // Every field has the date of its creation: naming each would hide the rest.
  return key === 'created_at' ? 'created_at of fields' : `${key} of field ${field}`;
}

function itemsOf(value: Value | undefined): readonly Value[] {
  if (value instanceof Doc) return [...value.values()];
  return Array.isArray(value) ? value : [];
}
