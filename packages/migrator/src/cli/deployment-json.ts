import { toJson } from 'fiftyone/cli-support';

/** A plan or report as JSON, for programs: values of documents as Extended JSON, errors by what they say. */
export function deploymentJson(value: object): string {
  return toJson(withoutErrors(value));
}

function withoutErrors(value: unknown): unknown {
  if (value instanceof Error) return value.message;
  if (Array.isArray(value)) return value.map(withoutErrors);
  if (value === null || typeof value !== 'object' || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, withoutErrors(item)]));
}
