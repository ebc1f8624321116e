import { promisify } from 'node:util';
import { deflateRaw, inflateRaw } from 'node:zlib';
import { authorized, type Connection } from 'fiftyone/engine';
import type { Place, ServicePlan } from './service.js';

/**
 * The collection of where services were when a run began that is to go back by itself: whoever runs it again after its death goes
 * back to there, and not only to where the death left them.
 */
export const WAY_BACK = 'migrations.deployment';

const [pack, unpack] = [promisify<Uint8Array, Buffer>(deflateRaw), promisify<Uint8Array, Buffer>(inflateRaw)];

interface Note {
  readonly _id: string;
  readonly to: string;
  /** Whether the run had failed, and was on its way back. */
  readonly back?: true;
  /** The plan of the first run, packed. */
  readonly plan: { readonly buffer: Uint8Array };
}

/** The plan by which a service would go back: that of an earlier run to the same release, if it left one. */
export async function rememberedPlan({ connection }: Place, plan: ServicePlan): Promise<ServicePlan | undefined> {
  return await planIn(await notesIn(connection).findOne({ _id: plan.service, to: plan.to }));
}

/** The plan by which a service was on its way back when the run died. */
export async function planGoingBack({ connection }: Place, service: string): Promise<ServicePlan | undefined> {
  return await planIn(await notesIn(connection).findOne({ _id: service, back: true }));
}

async function planIn(note: Note | null): Promise<ServicePlan | undefined> {
  return note === null ? undefined : JSON.parse((await unpack(note.plan.buffer)).toString());
}

/** Notes that a service is on its way back. */
export async function turnBack({ connection }: Place, service: string): Promise<void> {
  await authorized(connection, () => notesIn(connection).updateOne({ _id: service }, { $set: { back: true } }));
}

/** Notes where a service is, before anything of it is changed. What an earlier run to the same release has noted stays. */
export async function rememberPlan({ connection }: Place, plan: ServicePlan): Promise<void> {
  const packed = await pack(Buffer.from(JSON.stringify(inShort(plan))));
  const isOther = { $ne: ['$to', { $literal: plan.to }] };
  const note = { _id: plan.service, to: { $literal: plan.to }, plan: { $literal: packed } };
  const update = [{ $replaceWith: { $cond: [isOther, note, '$$ROOT'] } }];
  await authorized(connection, () => notesIn(connection).updateOne({ _id: plan.service }, update, { upsert: true }));
}

/** Forgets it: the service has arrived, or is back. */
export async function forgetPlan({ connection }: Place, service: string): Promise<void> {
  if ((await notesIn(connection).findOne({ _id: service }, { projection: { _id: 1 } })) === null) return;
  await authorized(connection, () => notesIn(connection).deleteOne({ _id: service }));
}

function notesIn({ client, db }: Connection) {
  return client.db(db.databaseName, { writeConcern: { w: 'majority' } }).collection<Note>(WAY_BACK);
}

/** What it takes to go back: not the edits. */
function inShort({ report, ...plan }: ServicePlan): ServicePlan {
  if (report === undefined) return plan;
  const datasets = report.datasets.map((outcome) => ({
    ...{ name: outcome.name, from: outcome.from, to: outcome.to, result: outcome.result },
    ...(outcome.renamedFrom === undefined ? {} : { renamedFrom: outcome.renamedFrom }),
    ...{ steps: [], edits: [], loses: [], warnings: [], reasons: [], seconds: 0 },
  }));
  return { ...plan, report: { ...(report.database ? { database: report.database } : {}), datasets, notRun: [] } };
}
