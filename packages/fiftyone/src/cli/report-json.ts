import type { MigrationReport } from '../migrations/report.js';

/** A report as JSON, for programs. */
export function reportJson(report: MigrationReport): string {
  const datasets = report.datasets.map(({ error: _, ...outcome }) => outcome);
  return JSON.stringify({ ...report, datasets }, undefined, 2);
}
