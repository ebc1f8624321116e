import type { Db } from 'mongodb';
import { foldEdits } from '../fold-edits.js';
import type { BulkEdit } from '../revision.js';
import { collectionSize } from './collection-size.js';
import type { EditPreview } from './edit-preview.js';
import { type Estimate, estimateOf, sumOf } from './estimate.js';
import { sampleOf } from './sample.js';

/** What has fewer documents than this takes a moment, and is not sampled. */
const SMALL = 1000;

/** Estimates edits in the passes in which they are done. @param previews how many documents each of them would change */
export async function estimateEdits(db: Db, previews: ReadonlyMap<BulkEdit, EditPreview>): Promise<Estimate> {
  const estimates: Estimate[] = [];
  for (const edit of foldEdits([...previews.keys()])) {
    if (edit.kind === 'drop-index' || edit.kind === 'create-index') continue;
    const documents = previews.get(edit)?.documents ?? inOnePass(edit, previews);
    const size = await collectionSize(db, edit.kind === 'merge' ? edit.into : edit.collection);
    // a merge may start from a few videos and go into many frames
    if (Math.max(documents, edit.kind === 'merge' ? size.documents : 0) < SMALL) continue;
    estimates.push(estimateOf(await sampleOf(db, edit), documents, size));
  }
  return sumOf(estimates);
}

/** Edits that share a pass mostly change the same documents. */
function inOnePass({ collection }: BulkEdit, previews: ReadonlyMap<BulkEdit, EditPreview>): number {
  const counts = [...previews.values()].filter((preview) => preview.collection === collection).map(({ documents }) => documents);
  return Math.max(0, ...counts);
}
