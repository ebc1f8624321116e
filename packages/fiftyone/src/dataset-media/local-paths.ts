import { resolve } from 'node:path';
import type { Doc } from '../bson/index.js';
import type { Connection } from '../database/connection.js';
import { findDocs } from '../database/raw.js';
import { Dataset } from '../datasets/dataset.js';
import { mediaFields } from './media-fields.js';
import { PathSet } from './path-set.js';
import { mediaReferences } from './references.js';

/** The files of this machine that any dataset of the database names, in any media field. */
export async function localPathsOf(connection: Connection, isRemote: (path: string) => boolean): Promise<PathSet> {
  const paths = new PathSet();
  for (const doc of await findDocs(connection.db, 'datasets')) {
    if (typeof doc.get('sample_collection_name') !== 'string') continue;
    const dataset = new Dataset(connection, doc as Doc);
    for await (const references of mediaReferences(dataset, mediaFields(doc))) {
      for (const { path } of references) if (!isRemote(path)) paths.add(resolve(path));
    }
  }
  return paths;
}
