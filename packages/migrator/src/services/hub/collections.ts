import type { ObjectId } from 'fiftyone/engine';
import { indexOn } from '../../indexes.js';

/**
 * The collections of the Enterprise API as they are today, in our own terms. What older releases have instead is in `revisions/`.
 */

/** Where delegated operations can be run. */
export interface Orchestrator {
  _id: ObjectId;
  instance_id: string;
  description: string | null;
  environment: string;
  config: object;
  /** The keys of the secrets that it needs, by what they are for. */
  secrets: Record<string, string>;
  available_operators: string[];
  created_at: Date;
  updated_at: Date;
  deactivated_at: Date | null;
}

/** A secret of plugins and orchestrators, encrypted. */
export interface Secret {
  _id: ObjectId;
  key: string;
  /** A Fernet text. */
  value: string;
  scope: string;
  description: string | null;
  created_at: Date;
}

/** How delegated operations are run: one document per organization. */
export interface DelegatedOperationSettings {
  _id: ObjectId;
  expiration_minutes: number;
  requeue_delay_minutes: number;
  requeue_max_attempts: number;
  log_path: string | null;
  /** Since 2.19.0: whether workers tell how they do, and for how many days that is kept. */
  telemetry: { enabled: boolean; retention_days: number | null };
  /** Since 2.22.0: whether there is multimodal data, and where its projections are made. */
  multimodal: boolean;
  projection_delegation_target: string | null;
}

/** Where to look at a run of a delegated operation. */
export interface RunLink {
  _id: ObjectId;
  operation_id: ObjectId;
  url: string;
  created_at: Date;
  /** Before 2.18.0: `user_id`. */
  started_by: { kind: 'user' | 'service_account'; id: ObjectId } | null;
  /** Since 2.15.0. */
  archived: boolean;
  /** Since 2.15.0: the operation that this one repeats. */
  rerun_of: ObjectId | null;
}

export const collections = ['orchestrators', 'secrets', 'delegated_operation_settings', 'run_links'];

/** The indexes that the first release has. */
export const firstIndexes = [
  indexOn('orchestrators', ['instance_id'], true),
  indexOn('secrets', ['key'], true),
  indexOn('run_links', ['operation_id']),
];
