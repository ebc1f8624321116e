export * from './collection-service.js';
export { dropIndex, indexOn, makeIndex } from './indexes.js';
export * from './releases.js';
export { type EditsOfRevision, revisionOf } from './revision-of-edits.js';
export type * from './service.js';
export { cas } from './services/cas/index.js';
