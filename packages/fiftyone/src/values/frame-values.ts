import type { ObjectId } from '../bson/index.js';
import { rawBatches } from '../database/raw-batches.js';
import type { SampleCollection } from '../datasets/sample-collection.js';
import { BsonBytes, keyBytes } from './bson-bytes.js';
import { type FieldPath, storedAt } from './field-path.js';
import type { PathReader } from './path-reader.js';
import { projectionOf } from './projection.js';

const SAMPLE = keyBytes('_sample_id');

/**
 * Adds what the frames of some samples have to the lists of those paths that lead to frames, each by frame number.
 *
 * @param hasVideos whether the samples can have frames at all: otherwise there is null for each, not an empty list
 */
export async function addFrames(
  samples: SampleCollection,
  ids: readonly ObjectId[],
  hasVideos: boolean,
  paths: readonly FieldPath[],
  readers: readonly PathReader[],
  lists: readonly unknown[][],
): Promise<void> {
  const wanted = paths.flatMap((path, i) =>
    path.scope === 'frames' ? [{ path, reader: readers[i] as PathReader, list: lists[i] as unknown[] }] : [],
  );
  const bySample = new Map(ids.map((id) => [id.toHexString(), wanted.map((): unknown[] => [])]));
  const reading = hasVideos ? samples.frames() : undefined;
  if (reading !== undefined) {
    const isWhole = wanted.some(({ path }) => path.steps.length === 0);
    const stored = wanted.map(({ path }) => storedAt(path));
    const frames = rawBatches(samples.connection.db, {
      ...reading,
      filter: { _sample_id: { $in: ids } },
      sort: { _sample_id: 1, frame_number: 1 },
      ...(isWhole ? {} : { projection: projectionOf([...stored, '_sample_id'], false) }),
      batchSize: 10_000,
    });
    for await (const batch of frames) {
      const bytes = new BsonBytes(batch);
      bytes.each(0, (_, frame) => {
        if (!bytes.find(frame, SAMPLE)) return;
        const found = bySample.get(bytes.hex(bytes.at));
        if (found !== undefined) for (const [i, { reader }] of wanted.entries()) reader.read(bytes, frame, found[i] as unknown[]);
      });
    }
  }
  for (const id of ids) {
    const found = bySample.get(id.toHexString());
    for (const [i, { path, reader, list }] of wanted.entries()) {
      const items = found?.[i] ?? [];
      if (path.framesUnwound) for (const item of items) list.push(item);
      else if (reading !== undefined) list.push(items);
      else list.push(path.steps.length === 0 ? reader.missing : null);
    }
  }
}
