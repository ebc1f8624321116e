import { Doc, ObjectId, Scalar, toEjson } from '../bson/index.js';
import type { MigrationReport } from '../migrations/report.js';

/** A report as JSON, for programs; values of documents as Extended JSON. */
export function reportJson(report: MigrationReport): string {
  const datasets = report.datasets.map(({ error: _, ...outcome }) => outcome);
  return toJson({ ...report, datasets });
}

/** Like `JSON.stringify` with an indentation of two, except that values of documents keep their types and the order of their keys. */
export function toJson(value: unknown, indent = ''): string {
  if (value instanceof Doc || value instanceof ObjectId || value instanceof Scalar) return toEjson(value);
  if (value === null || typeof value !== 'object' || value instanceof Date) return JSON.stringify(value);
  const deeper = `${indent}  `;
  const parts = Array.isArray(value)
    ? value.map((item) => toJson(item ?? null, deeper))
    : Object.entries(value).flatMap(([key, item]) =>
        item === undefined ? [] : [`${JSON.stringify(key)}: ${toJson(item, deeper)}`],
      );
  const [open, close] = Array.isArray(value) ? '[]' : '{}';
  if (parts.length === 0) return `${open}${close}`;
  return `${open}\n${parts.map((part) => `${deeper}${part}`).join(',\n')}\n${indent}${close}`;
}
