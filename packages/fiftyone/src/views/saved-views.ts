import { ObjectId, type ReadonlyDoc } from '../bson/index.js';
import { findDocs } from '../database/raw.js';
import type { SampleCollection } from '../datasets/sample-collection.js';
import { MalformedError, ViewNotFoundError } from '../errors.js';
import { parseStage, type Stage } from './stage.js';
import { type View, viewOf } from './view.js';

/** A view that is saved with a dataset. */
export interface SavedView {
  readonly name: string;
  /** Its document, as stored. */
  readonly doc: ReadonlyDoc;
}

/** The views that are saved with a dataset, in the order in which they were saved. */
export async function listSavedViews({ connection, doc }: SampleCollection): Promise<SavedView[]> {
  const references = doc.get('saved_views');
  const ids = Array.isArray(references) ? references.filter((id) => id instanceof ObjectId) : [];
  if (ids.length === 0) return [];
  const found = await findDocs(connection.db, 'views', { _id: { $in: ids } });
  const byId = new Map(found.map((view) => [String(view.get('_id')), view]));
  return ids.flatMap((id) => {
    const view = byId.get(String(id));
    return view ? [{ name: String(view.get('name')), doc: view }] : [];
  });
}

/**
 * Loads a saved view by its name.
 *
 * @throws ViewNotFoundError, UnsupportedStageError, and MalformedError for stages that cannot be
 */
export async function loadSavedView(dataset: SampleCollection, name: string): Promise<View> {
  const views = await listSavedViews(dataset);
  const view = views.find((view) => view.name === name);
  if (!view) {
    throw new ViewNotFoundError(
      String(dataset.doc.get('name')),
      name,
      views.map((view) => view.name),
    );
  }
  return viewOf(dataset, stagesOf(view.doc));
}

/** The stages of a saved view. */
export function stagesOf(view: ReadonlyDoc): Stage[] {
  const stages = view.get('view_stages') ?? [];
  const where = `view_stages of the view '${view.get('name')}'`;
  if (!Array.isArray(stages)) throw new MalformedError(where, 'something else', 'a list');
  return stages.map((stage) => {
    if (typeof stage !== 'string') throw new MalformedError(where, 'something else', 'a list of strings');
    return parseStage(stage);
  });
}
