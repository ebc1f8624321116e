import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { FiftyOneError, type Total } from 'fiftyone';
import { bytes } from 'fiftyone/cli-support';
import type { DeploymentPlan } from '../migrator.js';
import type { DatabaseRole, Service } from '../service.js';
import type { BackupSize } from './back-up.js';

/** What a run takes on disks, and what there is. Bytes. */
export interface SpaceForecast {
  readonly databases: readonly DatabaseSpace[];
  readonly backup:
    | { readonly folder: string; readonly needed: number; readonly documents: number; readonly free: number }
    | undefined;
}

export interface DatabaseSpace {
  readonly role: DatabaseRole;
  /** By how much the database may grow at most while it is migrated. */
  readonly growth: number;
  /** What members of a replica set send each other; undefined on a server that is none. */
  readonly oplog: number | undefined;
  /** How much the oplog holds, where the login may ask. */
  readonly oplogSize: number | undefined;
  /** What the server's disk has left, where it tells. */
  readonly free: number | undefined;
  readonly seconds: number;
  readonly warnings: readonly string[];
}

/** Forecasts what a plan takes, which must have been made with a preview. */
export async function forecastSpace(
  plan: DeploymentPlan,
  services: readonly Service[],
  folder: string | undefined,
  backup: BackupSize | undefined,
): Promise<SpaceForecast> {
  const databases = (['fiftyone', 'cas'] as const).flatMap((role) => {
    const own = plan.services.filter(({ service }) => services.find(({ name }) => name === service)?.database === role);
    const estimates = own.map(({ report }) => report?.estimate).filter((estimate) => estimate !== undefined);
    const [first] = estimates;
    if (first === undefined) return [];
    const sum = (of: (estimate: Total) => number) => estimates.reduce((total, estimate) => total + of(estimate), 0);
    return [
      {
        role,
        growth: sum(({ diskBytes }) => diskBytes),
        oplog: first.isReplicaSet ? sum(({ oplogBytes }) => oplogBytes) : undefined,
        oplogSize: first.oplogSize,
        free: first.freeBytes,
        seconds: sum(({ seconds }) => seconds),
        warnings: [...new Set(estimates.flatMap(({ warnings }) => warnings))],
      },
    ];
  });
  const needed = folder !== undefined && backup !== undefined && backup.documents > 0;
  return {
    databases,
    backup: needed ? { folder, needed: backup.stored, documents: backup.documents, free: await freeIn(folder) } : undefined,
  };
}

/** What the disk of a folder has left; the folder need not be there yet. */
export async function freeIn(folder: string): Promise<number> {
  try {
    const { bavail, bsize } = await statfs(folder);
    return bavail * bsize;
  } catch (error) {
    const parent = dirname(folder);
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || parent === folder) throw error;
    return await freeIn(parent);
  }
}

/** What does not fit, a line each. */
export function lacking({ databases, backup }: SpaceForecast): string[] {
  return [
    ...databases.flatMap(({ role, growth, free }) =>
      free !== undefined && growth > free
        ? [`the database of ${NAMES[role]} may grow by ${bytes(growth)}, and its disk has ${bytes(free)} left`]
        : [],
    ),
    ...(backup !== undefined && backup.needed > backup.free
      ? [`the backup needs about ${bytes(backup.needed)} in ${backup.folder}, where ${bytes(backup.free)} are left`]
      : []),
  ];
}

/** @throws FiftyOneError for what does not fit */
export function checkSpace(space: SpaceForecast): void {
  const lacks = lacking(space);
  if (lacks.length === 0) return;
  throw new FiftyOneError(`${lacks.join('; ')}: nothing was touched`, {
    hint: 'make room, choose another folder with --backup-dir, or go on all the same with --no-space-check',
  });
}

/** What people read of it. */
export function spaceLines({ databases, backup }: SpaceForecast): string[] {
  return [
    ...databases
      .filter(({ growth, oplog = 0 }) => growth + oplog > 0)
      .map(({ role, growth, oplog, oplogSize, free }) => {
        const left = free === undefined ? '' : ` (${bytes(free)} left)`;
        const holds = oplogSize === undefined ? '' : ` (it holds ${bytes(oplogSize)})`;
        const oplogText = oplog === undefined ? '' : `, ${bytes(oplog)} of oplog${holds}`;
        return `The database of ${NAMES[role]} takes up to ${bytes(growth)} more${left}${oplogText}`;
      }),
    ...databases.flatMap(({ warnings }) => warnings.map((warning) => `WARNING: ${warning}`)),
    ...(backup ? [`The backup takes about ${bytes(backup.needed)} in ${backup.folder} (${bytes(backup.free)} left)`] : []),
  ];
}

const NAMES: Readonly<Record<DatabaseRole, string>> = { fiftyone: 'FiftyOne', cas: 'CAS' };
