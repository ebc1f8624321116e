import type { BulkEdit, Query } from '../revision.js';

/** The top-level fields that an edit changes, or undefined where it does not say. */
export function fieldsOf(edit: BulkEdit): string[] | undefined {
  const stages = stagesOf(edit);
  if (stages === undefined) return undefined;
  const paths = stages.flatMap((stage) => Object.entries(stage)).map(([operator, value]) => pathsOf(operator, value as object));
  if (paths.some((path) => path === undefined)) return undefined;
  return paths.flat().map((path) => String(path).split('.')[0] as string);
}

function stagesOf(edit: BulkEdit): readonly Query[] | undefined {
  if (edit.kind === 'update') return Array.isArray(edit.update) ? edit.update : [edit.update as Query];
  if (edit.kind !== 'merge') return [];
  const { $merge } = edit.pipeline.at(-1) as { $merge: { whenMatched: unknown } };
  const { whenMatched } = $merge;
  return Array.isArray(whenMatched) ? whenMatched : undefined;
}

function pathsOf(operator: string, value: object): unknown[] | undefined {
  if (operator === '$rename') return Object.entries(value).flat();
  if (operator === '$unset' && Array.isArray(value)) return value;
  return operator === '$unset' || operator === '$set' ? Object.keys(value) : undefined;
}
