/** What commands of other packages share with `fiftyone`, so that both ask, count and end in the same way. */
export { agrees, canAsk } from './cli/ask.js';
export { datasetLines, runLine } from './cli/migrate-history.js';
export { unlock } from './cli/migrate-unlock.js';
export { bytes, count, digits, duration } from './cli/numbers.js';
export { type OperationProgress, operationProgress } from './cli/operation-progress.js';
export { planText } from './cli/plan-text.js';
export { type Progress, showProgress } from './cli/progress.js';
export { toJson } from './cli/report-json.js';
export { failuresText, reportText } from './cli/report-text.js';
export { runOperation } from './cli/run-operation.js';
export { stopSignals } from './cli/stop-signals.js';
export { findingLines } from './cli/verify-text.js';
