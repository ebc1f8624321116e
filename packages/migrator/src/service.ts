import type { Finding, MigrationEvent, MigrationReport } from 'fiftyone';
import type { Connection, Revision } from 'fiftyone/engine';
import type { EnterpriseRelease } from './releases.js';

/** The databases of a deployment: that of FiftyOne, and that of its authentication service. They may be on different servers. */
export type DatabaseRole = 'fiftyone' | 'cas';

/** Where a service lives. */
export interface Place {
  readonly connection: Connection;
  /** Whether a collection belongs to any service that is known: what does not, somebody else has made. */
  readonly isKnown: (collection: string) => Promise<boolean>;
}

/** How a service is to be migrated. The members mean what they mean for `migrateAll`. */
export interface ServiceOptions {
  readonly attic?: boolean;
  readonly keepUnknown?: boolean;
  readonly concurrency?: number;
  readonly preview?: 'short' | 'full' | undefined;
  readonly partSizes?: { readonly small: number; readonly whole: number; readonly first: number; readonly most: number };
  readonly signal?: AbortSignal;
  readonly onEvent?: (event: MigrationEvent) => void;
}

/** `new`: nothing is there yet. `foreign`: what is there was not made by this product, and is left alone. */
export type ServiceState = 'ready' | 'new' | 'foreign';

/** Where a service stands. */
export interface ServiceStatus {
  readonly service: string;
  readonly state: ServiceState;
  /** In the service's own numbers; null where none is stored. */
  readonly version: string | null;
  /** The Enterprise release with this version, where one is known. */
  readonly release: string | null;
  /** What was begun and has to be finished first: where it leads to. */
  readonly unfinished?: { readonly from: string | null; readonly to: string };
  /** Of a foreign one, what it was told by. */
  readonly reasons: readonly string[];
}

/** What a migration of a service would do. Making it writes nothing. */
export interface ServicePlan {
  readonly service: string;
  readonly from: string | null;
  readonly to: string;
  readonly direction: 'up' | 'down' | 'none';
  /** Nothing is there yet: it starts at `to`. */
  readonly isNew: boolean;
  /** Why it cannot be done. Nothing of the whole run is done then. */
  readonly problems: readonly string[];
  readonly hint?: string;
  /** The collections that it would change, or `all` of the database. */
  readonly touches: readonly string[] | 'all';
  /** The command that takes back what was done of it; absent for one that is new. */
  readonly back?: string;
  /** What the engine would do, record by record; absent where it was not asked. */
  readonly report?: MigrationReport;
}

/** What a migration of a service did. */
export interface ServiceReport {
  readonly service: string;
  readonly from: string | null;
  readonly to: string;
  readonly result: 'migrated' | 'unchanged' | 'failed' | 'stopped';
  readonly reasons: readonly string[];
  readonly hint?: string;
  /** What was thrown, for callers that throw it again. */
  readonly error?: Error;
  readonly report?: MigrationReport;
}

/** What was found wrong with a service. Empty if all is well. */
export interface ServiceFindings {
  readonly service: string;
  readonly version: string | null;
  readonly findings: readonly Finding[];
}

/** A service of a deployment, as far as the migrator has to know it. */
export interface Service {
  readonly name: string;
  readonly database: DatabaseRole;
  /** Tells which collections of its database are its own. */
  owner(connection: Connection): Promise<(collection: string) => boolean>;
  /** Its version at a release, or undefined where the migrator cannot take it there. */
  versionAt(release: EnterpriseRelease): string | undefined;
  /** Reads where it stands. */
  status(place: Place): Promise<ServiceStatus>;
  /** Plans the way to a version of its own, and writes nothing. Never throws for what is wrong with the data. */
  plan(place: Place, to: string, options?: ServiceOptions): Promise<ServicePlan>;
  /** Goes the way of a plan. Going on after an interruption is the same call again. */
  apply(place: Place, plan: ServicePlan, options?: ServiceOptions): Promise<ServiceReport>;
  /** Takes back what `apply` did of a plan, all or half of it: finishes what was begun first. */
  revert(place: Place, plan: ServicePlan, options?: ServiceOptions): Promise<ServiceReport>;
  /** Looks whether it is what its version says. Reads only. */
  verify(place: Place): Promise<ServiceFindings>;
  /** The same service with revisions of others. @throws UsageError for a release that has a revision already */
  extend?(revisions: readonly Revision[]): Service;
}
