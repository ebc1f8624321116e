/** Backups of databases, for packages that make them of more than datasets. */

export { isLeftAlone } from './backup/collections.js';
export { type Compression, codecOf } from './backup/compression.js';
export { type Backup, type CreateBackupOptions, createBackup } from './backup/create.js';
export { checkRoom, type Forecast, forecast } from './backup/forecast.js';
export { type ListedBackup, listBackups, type PruneOptions, pruneBackups } from './backup/list.js';
export type { Manifest } from './backup/manifest.js';
export { openBackup, type StoredBackup } from './backup/open-backup.js';
export { type RestoreOptions, type RestoreReport, restoreBackup } from './backup/restore-backup.js';
export { RestoreRefusedError } from './backup/restore-refused.js';
export { dropDeadScratches, type Scratch, withScratch } from './backup/scratch.js';
export { type BackupProblem, type VerifyOptions, type VerifyReport, verifyBackup } from './backup/verify.js';
export { merged, type Part, type What, wholeDatabase, wholeDatasets } from './backup/what.js';
