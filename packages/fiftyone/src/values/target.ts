import type { ReadonlyDoc } from '../bson/index.js';
import { UsageError } from '../errors.js';
import { checkName } from '../fields/expand-schema.js';
import type { Field } from '../fields/field.js';
import { type FieldPath, fieldPath } from './field-path.js';

/** Where values are to be set. */
export interface Target {
  readonly path: FieldPath;
  /** The step whose list holds the documents that get a value each, or undefined when samples or frames get one themselves. */
  readonly listAt: number | undefined;
  /** Whether the field has to be declared first. */
  readonly isNew: boolean;
}

export interface TargetOptions {
  readonly expandSchema: boolean;
  readonly dynamic: boolean;
}

/** Ids, and what the client keeps for itself. */
const OWN: ReadonlySet<string> = new Set('_id _rand _media_type _dataset_id _sample_id frame_number'.split(' '));

/** Finds where to set values. @throws UsageError for a path where none can be set */
export function targetOf(dataset: ReadonlyDoc, text: string, { expandSchema, dynamic }: TargetOptions): Target {
  const path = fieldPath(dataset, text, { allowMissing: true });
  const { steps, along, scope } = path;
  const name = String(dataset.get('name'));
  const root = text.split('.')[scope === 'frames' ? 1 : 0] ?? '';
  if (text.includes('[]')) throw new UsageError(`'${text}' cannot be set: leave out []`);
  if (steps.length === 0) throw new UsageError('whole frames cannot be set: name one of their fields, as in frames.objects');
  if (scope === 'samples' && root === 'frames') throw new UsageError(`Dataset '${name}' has no frames`);
  const readOnly = along.find((field) => field.readOnly);
  if (readOnly) throw new UsageError(`Cannot edit read-only field '${readOnly.name}' of dataset '${name}'`);
  const key = steps.at(-1)?.key as string;
  if (along.length === steps.length && OWN.has(key)) throw new UsageError(`'${text}' of dataset '${name}' cannot be set`);
  checkNew(name, path, root, expandSchema, dynamic);
  const lists = steps.slice(0, -1).flatMap(({ unwound }, i) => unwound.map(() => i));
  if (lists.length > 1) {
    throw new UsageError(
      `'${text}' goes through ${lists.length} lists: At most one array field can be unwound when setting values`,
    );
  }
  return { path, listAt: lists[0], isNew: along.length < steps.length && !isFree(along.at(-1)) };
}

function checkNew(
  dataset: string,
  { text, steps, along, scope }: FieldPath,
  root: string,
  expandSchema: boolean,
  dynamic: boolean,
) {
  const [kind, adjective] = scope === 'frames' ? ['frame field', 'frame'] : ['field', 'sample'];
  if (along.length === 0) {
    checkName(root);
    if (!expandSchema) throw new UsageError(`Dataset '${dataset}' has no ${kind} '${root}'`);
    if (steps.length > 1) {
      throw new UsageError(
        `Cannot infer an appropriate type for new ${adjective} field '${root}' of dataset '${dataset}' when setting embedded field '${text}'`,
      );
    }
    return;
  }
  const last = along.at(-1) as Field;
  if (along.length === steps.length || isFree(last)) return;
  const missing = text
    .split('.')
    .slice(0, along.length + 1 + (scope === 'frames' ? 1 : 0))
    .join('.');
  const isDocument = last.ftype === 'EmbeddedDocumentField' || last.subfield === 'EmbeddedDocumentField';
  if (!isDocument || along.length < steps.length - 1) throw new UsageError(`Dataset '${dataset}' has no ${kind} '${missing}'`);
  if (!dynamic || !expandSchema) {
    throw new UsageError(`Dataset '${dataset}' has no ${kind} '${missing}'`, { hint: 'with dynamic: true it is declared' });
  }
  checkName(steps.at(-1)?.key as string);
}

/** Whether a field can hold what no schema declares. */
function isFree(field: Field | undefined): boolean {
  return field?.ftype === 'DictField';
}
