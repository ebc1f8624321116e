import type { Doc, ReadonlyDoc } from '../../bson/index.js';
import { authorized, type Connection, USE_WRITER } from '../../database/connection.js';
import { updateRaw } from '../../database/raw.js';
import { changeStatements } from '../../dataset-media/change-statements.js';
import { mediaFields } from '../../dataset-media/media-fields.js';
import { mediaReferences } from '../../dataset-media/references.js';
import { Dataset } from '../../datasets/dataset.js';

const MOVED = `${USE_WRITER}: the media are moved already, and the next export into the same folder tells the dataset`;
/** What to do who may not write, before anything is moved. */
export const UNMOVED = `${USE_WRITER}, or copy the media (--export-media true): nothing was moved`;

/** Tells the samples and frames of a dataset where files are that were moved. */
export async function updateMovedPaths(
  connection: Connection,
  dataset: ReadonlyDoc,
  moved: ReadonlyMap<string, string>,
): Promise<void> {
  if (moved.size === 0) return;
  for await (const references of mediaReferences(new Dataset(connection, dataset as Doc), mediaFields(dataset))) {
    const changes = references.flatMap(({ id, place, path }) => {
      const to = moved.get(path);
      return to === undefined ? [] : [{ id, place, from: path, to }];
    });
    if (changes.length === 0) continue;
    const scope = references[0]?.field.scope ?? 'samples';
    const collection = String(dataset.get(scope === 'frames' ? 'frame_collection_name' : 'sample_collection_name'));
    await authorized(connection, () => updateRaw(connection.db, collection, changeStatements(dataset, scope, changes)), MOVED);
  }
}
