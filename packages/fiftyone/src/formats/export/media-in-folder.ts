import { realpath } from 'node:fs/promises';
import type { ReadonlyDoc } from '../../bson/index.js';
import { findDocs } from '../../database/raw.js';
import { frameMediaFields, sampleMediaFields } from '../../dataset-media/media-fields.js';
import type { SampleCollection } from '../../datasets/sample-collection.js';
import { UsageError } from '../../errors.js';

const ELSEWHERE = 'export into another folder, or into this one without overwrite';

/** A folder with media of a dataset, this one or another one, is not replaced: they would be lost. @throws UsageError */
export async function refuseMediaIn(
  folder: string,
  samples: SampleCollection,
  doc: ReadonlyDoc,
  hint = ELSEWHERE,
): Promise<void> {
  const { db } = samples.connection;
  const own = { name: doc.get('name'), collection: samples.samples('all').collection, paths: mediaPaths(sampleMediaFields(doc)) };
  const frames = { name: own.name, collection: doc.get('frame_collection_name'), paths: mediaPaths(frameMediaFields(doc)) };
  const projection = { name: 1, sample_collection_name: 1 };
  const others = (await findDocs(db, 'datasets', {}, { projection })).map((other) => ({
    name: other.get('name'),
    collection: other.get('sample_collection_name'),
    paths: ['filepath'],
  }));
  const below = [...new Set([folder, await realpath(folder)])].map((path) => ({ $regex: `^${escaped(path)}/` }));
  for (const { name, collection, paths } of [{ ...own, paths: ['filepath', ...own.paths] }, frames, ...others]) {
    if (typeof collection !== 'string' || paths.length === 0) continue;
    const $or = paths.flatMap((path) => below.map((text) => ({ [path]: text })));
    const [found] = await findDocs(db, collection, { $or }, { limit: 1 });
    if (!found) continue;
    const path = found.get('filepath');
    const example = typeof path === 'string' && path.startsWith(folder) ? `, for example ${path}` : '';
    const whose = name === own.name ? 'the dataset' : `dataset '${name}'`;
    throw new UsageError(`media of ${whose} are in the folder that is to be replaced${example}`, {
      hint,
    });
  }
}

function mediaPaths(fields: readonly { path: readonly string[] }[]): string[] {
  return fields.map(({ path }) => path.join('.'));
}

function escaped(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
