import type { ObjectId } from 'fiftyone/engine';
import { indexOn } from '../../indexes.js';

/**
 * The collections of the Enterprise features of datasets as they are today, in our own terms. What older releases have instead is
 * in `revisions/`.
 */

/** What somebody may do with a dataset; each includes those before it. */
export type DatasetPermissionLevel = 'NO_ACCESS' | 'VIEW' | 'TAG' | 'EDIT' | 'MANAGE';

/** Who is granted something: a user, a group or, since 2.18.0, a service account. */
export interface Grantee {
  kind: 'user' | 'group' | 'service_account';
  id: ObjectId;
}

/** What one grantee may do with one dataset. Without a grantee it is the default access of members. */
export interface DatasetPermission {
  _id: ObjectId;
  dataset_id: ObjectId;
  permission: DatasetPermissionLevel;
  created_at: Date;
  /** Before 2.18.0: `user_id` and `group_id`. */
  principal: Grantee | null;
}

/** What is known of a snapshot; its content is a dataset of its own. */
export interface SnapshotRecord {
  _id: ObjectId;
  dataset_id: ObjectId;
  snapshot_dataset_id: ObjectId | null;
  name: string;
  description: string | null;
  created_at: Date;
  /** Before 2.18.0: `created_by`. */
  creator: Grantee | null;
  archived: boolean;
  archive_path: string | null;
  last_loaded_at: Date | null;
}

/** Credentials of a cloud, as one encrypted text. */
export interface CloudCredential {
  _id: ObjectId;
  provider: 'GCP' | 'AWS' | 'AZURE' | 'MINIO';
  /** The buckets that they are for; empty for any. */
  prefixes: string[];
  description: string | null;
  credentials: string;
  created_at: Date;
  /** Since 2.15.0. */
  scope: 'GLOBAL' | 'GROUP' | 'USER';
  /** The user or group of the scope. In 2.15: `user_id` and `group_id`; before that only `user_id`. */
  sid: ObjectId | null;
}

export const collections = ['dataset_permissions', 'snapshots', 'cloud_credentials'];

/** The indexes that the first release has. */
export const firstIndexes = [
  indexOn('dataset_permissions', ['dataset_id']),
  indexOn('snapshots', ['dataset_id', 'name'], true),
  indexOn('cloud_credentials', ['provider']),
];
