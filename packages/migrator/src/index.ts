export type { Choice } from './choose.js';
export { type ClientList, type ConnectedClient, connectedClients, oldestClient, type Verdict, verdictOn } from './clients.js';
export { type CollectionServiceDefinition, collectionService } from './collection-service.js';
export type { Databases } from './deployment.js';
export { type DeploymentEntry, readDeploymentRuns } from './deployment-journal.js';
export { type Check, examine } from './doctor.js';
export { dropIndex, indexOn, makeIndex } from './indexes.js';
export {
  applyPlan,
  type DeploymentPlan,
  type DeploymentReport,
  deploymentStatus,
  type MigratorEvent,
  type MigratorOptions,
  migrateDeployment,
  planDeployment,
  verifyDeployment,
} from './migrator.js';
export { type Proof, type ProveOptions, prove } from './prove.js';
export * from './releases.js';
export { type EditsOfRevision, revisionOf } from './revision-of-edits.js';
export type * from './service.js';
export { SERVICES_JOURNAL } from './service-realm.js';
export { SERVICES } from './service-record.js';
export { services } from './services/index.js';
export { type Extension, extended, loadExtensions, SERVICES_SETTING, type Toolkit } from './third-party.js';
