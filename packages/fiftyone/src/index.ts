export { double, int32, int64, ObjectId, Scalar } from './bson/index.js';
export type { Connection } from './database/connection.js';
export {
  type CachedMediaOptions,
  cacheStats,
  clearMedia,
  type DownloadMediaOptions,
  type DownloadScenesOptions,
  downloadMedia,
  downloadScenes,
  getLocalPaths,
  type LocalPathsOptions,
} from './dataset-media/cached-media.js';
export type { PathRule } from './dataset-media/path-rule.js';
export { type RevertOptions, type RevertReport, revertPaths } from './dataset-media/revert.js';
export { type SetPathsOptions, type SetPathsReport, setPaths } from './dataset-media/set-paths.js';
export { type MediaStatus, mediaStatus } from './dataset-media/status.js';
export { planUpload, type UploadPlan, type UploadReport, upload, uploadMedia } from './dataset-media/upload.js';
export type { PlanUploadOptions, UploadOptions } from './dataset-media/upload-options.js';
export { type VerifyMediaOptions, type VerifyMediaReport, verifyMedia } from './dataset-media/verify-media.js';
export type { CreateOptions } from './datasets/create.js';
export { connect, Database } from './datasets/database.js';
export { Dataset } from './datasets/dataset.js';
export {
  close,
  createDataset,
  datasetExists,
  deleteDataset,
  deleteDatasets,
  deleteNonPersistentDatasets,
  listDatasets,
  loadDataset,
} from './datasets/default-database.js';
export type { FromOptions } from './datasets/import.js';
export type { DatasetInfo, ListOptions } from './datasets/load.js';
export { openDatabase } from './datasets/open.js';
export type { OnProgress, Progress } from './datasets/progress.js';
export type { SampleCollection } from './datasets/sample-collection.js';
export * from './errors.js';
export { EmbeddedDocument } from './fields/embedded-document.js';
export type { Field } from './fields/field.js';
export { documentType, type FieldType, listOf, simpleType } from './fields/field-type.js';
export { InvalidValueError } from './fields/invalid-value.js';
export { NdArray, type NumberArray } from './fields/nd-array.js';
export { type DatasetType, types } from './formats/dataset-types.js';
export { exportDataset } from './formats/export/export-dataset.js';
export type { ExportMedia, ExportOptions, ExportReport } from './formats/export/export-options.js';
export { type ImportOptions, type ImportReport, importDataset } from './formats/import/import-dataset.js';
export type { ExportProblem } from './formats/validate/export-problem.js';
export { type ValidateOptions, type ValidateReport, validateExport } from './formats/validate/validate-export.js';
export type { CopyFilesOptions, FilesOptions, FilesReport } from './media/copy-files.js';
export type { ListFilesOptions } from './media/list-files.js';
export type { CacheStats, DownloadOptions, MediaCache } from './media/media-cache.js';
export { type MediaFiles, mediaFiles } from './media/media-files.js';
export type { MediaOptions } from './media/open-media.js';
export { StoreError, type StoreTrouble } from './media/store-error.js';
export type { OnCollision } from './media/transfer/transfer-options.js';
export { CollisionError, UnsendableError } from './media/transfer/transfer-plan.js';
export { type DatabaseInfo, readInfo } from './migrations/info.js';
export { migrateAll, migrateDatasets } from './migrations/migrate.js';
export { migrateDatabase } from './migrations/migrate-database.js';
export type { MigrateOptions } from './migrations/migrate-options.js';
export type { Preview } from './migrations/preview/preview.js';
export type { Total } from './migrations/preview/total.js';
export type { DatabaseOutcome, DatasetOutcome, MigrationEvent, MigrationReport } from './migrations/report.js';
export type { Finding, VerifiedDataset, VerifyReport } from './migrations/verify/finding.js';
export { verify } from './migrations/verify/verify.js';
export { findReleases, openSourceVersionFor } from './releases.js';
export type { AddSamplesOptions } from './samples/add-samples.js';
export * from './samples/camera.js';
export { Group } from './samples/group.js';
export * from './samples/labels.js';
export * from './samples/metadata.js';
export { Frame, Sample, type SampleFields } from './samples/sample.js';
export { readSettings, type Settings } from './settings.js';
export type { GivenValues } from './values/given-values.js';
export { type SetValuesOptions, setValues } from './values/set-values.js';
export { iterateValues, type ValuesOptions, values } from './values/values.js';
export { compatibleVersions, openSourceVersion, sdkVersion } from './version.js';
export type { View } from './views/view.js';
