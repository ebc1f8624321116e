import type { CollectionSize } from './collection-size.js';

/** What a migration would take. Rough: it is worked out from a sample. */
export interface Estimate {
  readonly seconds: number;
  /** Space for what grows and for what is rewritten, which is free again afterwards. */
  readonly diskBytes: number;
  /** What the members of a replica set send each other. */
  readonly oplogBytes: number;
  /** From how many documents this was worked out; 0 where nothing is large enough to be worth it. */
  readonly sampled: number;
}

export const NOTHING: Estimate = { seconds: 0, diskBytes: 0, oplogBytes: 0, sampled: 0 };

/** What was measured on a few documents. */
export interface Sample {
  readonly documents: number;
  /** How long the server took to read them and to work out what they become. */
  readonly seconds: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  /** Whether whole documents are made anew, so that the oplog may get them whole. */
  readonly whole: boolean;
}

/** A write as the server does it, besides reading and working out: measured on servers with little to do. */
const SECONDS_PER_WRITE = 20e-6;
const SECONDS_PER_BYTE = 6e-9;

/** What an entry of the oplog has besides the change. */
const OPLOG_ENTRY = 250;

/** Extrapolates from a sample to all documents that an edit changes. */
export function estimateOf(sample: Sample, documents: number, { bytes, stored }: CollectionSize): Estimate {
  if (sample.documents === 0) return NOTHING;
  const each = (total: number) => total / sample.documents;
  const [before, after] = [each(sample.bytesBefore), each(sample.bytesAfter)];
  const growth = Math.max(0, after - before);
  const compression = bytes === 0 ? 1 : Math.min(1, stored / bytes);
  return {
    seconds: documents * (each(sample.seconds) + SECONDS_PER_WRITE + after * SECONDS_PER_BYTE),
    diskBytes: Math.round(documents * (after + growth) * compression),
    oplogBytes: Math.round(documents * (OPLOG_ENTRY + (sample.whole ? after : growth))),
    sampled: sample.documents,
  };
}

/** Estimates one after the other. */
export function sumOf(estimates: readonly Estimate[]): Estimate {
  return estimates.reduce(
    (a, b) => ({
      seconds: a.seconds + b.seconds,
      diskBytes: a.diskBytes + b.diskBytes,
      oplogBytes: a.oplogBytes + b.oplogBytes,
      sampled: a.sampled + b.sampled,
    }),
    NOTHING,
  );
}
