import { resolve } from 'node:path';
import type { Doc, ReadonlyDoc } from '../bson/index.js';
import type { Connection } from '../database/connection.js';
import { findDocs } from '../database/raw.js';
import { Dataset } from '../datasets/dataset.js';
import { schemaOf } from '../fields/schema.js';
import { type MediaField, mediaFields } from './media-fields.js';
import { PathSet } from './path-set.js';
import { mediaReferences } from './references.js';

/** The files of this machine that any dataset of the database names, in any media field or other field of texts. */
export async function localPathsOf(connection: Connection, isRemote: (path: string) => boolean): Promise<PathSet> {
  const paths = new PathSet();
  for (const doc of await findDocs(connection.db, 'datasets')) {
    if (typeof doc.get('sample_collection_name') !== 'string') continue;
    const dataset = new Dataset(connection, doc as Doc);
    for await (const references of mediaReferences(dataset, fieldsOf(doc))) {
      for (const { path } of references) if (!isRemote(path)) paths.add(resolve(path));
    }
  }
  return paths;
}

/** Not all fields with paths are declared as media fields: thumbnails often are not. */
function fieldsOf(dataset: ReadonlyDoc): MediaField[] {
  const known = mediaFields(dataset);
  const texts = schemaOf(dataset, 'sample_fields').filter(({ ftype }) => ftype === 'StringField');
  const others = texts.map(({ name, dbField }): MediaField => ({ name, scope: 'samples', holder: name, path: [dbField] }));
  return [...known, ...others.filter(({ name }) => !known.some((field) => field.name === name))];
}
