import type { ReadonlyDoc } from '../bson/index.js';
import { UsageError } from '../errors.js';
import type { Field } from '../fields/field.js';
import { schemaOf } from '../fields/schema.js';

/** A key on the way to a value. */
export interface PathStep {
  /** As it is stored. */
  readonly key: string;
  /** A flag for each list that has to be gone through here, the outermost first: whether its items take its place. */
  readonly unwound: readonly boolean[];
}

/** Where values are, such as `ground_truth.detections[].label` or `frames.objects`. */
export interface FieldPath {
  /** As it was given. */
  readonly text: string;
  readonly scope: 'samples' | 'frames';
  /** Whether frames take the place of the list of the frames of a sample. */
  readonly framesUnwound: boolean;
  /** Empty for whole frames. */
  readonly steps: readonly PathStep[];
  /** The declared field, or undefined where only the beginning of the path is declared. */
  readonly field: Field | undefined;
  /** The declared fields on the way, as far as they are. */
  readonly along: readonly Field[];
  /** The last name as it was given. */
  readonly name: string;
}

export interface PathOptions {
  /** `true`: everything in one list. `-1`: one list for each sample. Default: as the path says with `[]`. */
  readonly unwind?: boolean | -1;
  /** Do not ask whether the field exists. Default: false. */
  readonly allowMissing?: boolean;
}

const FRAMES = 'frames';

/** Types that hold lists. */
const LISTS: ReadonlySet<string> = new Set(
  'ListField HeatmapRangeField FrameSupportField KeypointsField PolylinePointsField'.split(' '),
);

/**
 * Finds a path in the schema of a dataset. Only its first name has to be declared.
 *
 * @throws UsageError that names dataset and field
 */
export function fieldPath(
  dataset: ReadonlyDoc,
  text: string,
  { unwind = false, allowMissing = false }: PathOptions = {},
): FieldPath {
  const parts = text.split('.').map(partOf);
  const hasFrames = typeof dataset.get('frame_collection_name') === 'string';
  const scope = hasFrames && parts[0]?.name === FRAMES ? 'frames' : 'samples';
  const own = scope === FRAMES ? parts.slice(1) : parts;
  const schema = schemaOf(dataset, scope === FRAMES ? 'frame_fields' : 'sample_fields');
  const along = fieldsAlong(
    schema,
    own.map(({ name }) => name),
  );
  if (!allowMissing && own.length > 0) checkRoot(dataset, scope, own[0]?.name as string, along[0]);
  if (parts.some(({ name }) => name === '' || name.startsWith('$'))) throw new UsageError(`'${text}' is not the path of a field`);
  const steps = own.map(({ name, marks }, i): PathStep => {
    const field = along[i];
    const lists = Math.max(listsOf(field), marks);
    return { key: field?.dbField ?? name, unwound: Array.from({ length: lists }, (_, level) => level < marks) };
  });
  return {
    text,
    scope,
    ...unwoundAs(unwind, { framesUnwound: scope === FRAMES && (parts[0]?.marks ?? 0) > 0, steps }, scope),
    field: along[own.length - 1],
    along,
    name: parts.at(-1)?.name as string,
  };
}

/** The path as it is stored, below a sample or frame. */
export function storedAt(path: FieldPath): string {
  return path.steps.map(({ key }) => key).join('.');
}

function partOf(text: string): { name: string; marks: number } {
  const [, name, marks] = /^(.*?)((?:\[\])*)$/s.exec(text) as unknown as [string, string, string];
  return { name, marks: marks.length / 2 };
}

/** The declared fields along a path, as far as they are declared. A name can be that under which an id is stored. */
function fieldsAlong(schema: readonly Field[], names: readonly string[]): Field[] {
  const along: Field[] = [];
  let fields = schema;
  for (const name of names) {
    const field = fields.find((one) => one.name === name) ?? fields.find((one) => one.dbField === name);
    if (field === undefined) break;
    along.push(field);
    fields = field.fields;
  }
  return along;
}

function checkRoot(dataset: ReadonlyDoc, scope: 'samples' | 'frames', name: string, field: Field | undefined): void {
  const isPrivate = name.startsWith('_') && field?.ftype !== 'ObjectIdField';
  if (field !== undefined && !isPrivate) return;
  const kind = scope === FRAMES ? 'frame field' : 'field';
  throw new UsageError(`Dataset '${String(dataset.get('name'))}' has no ${kind} '${name}'`);
}

/** How many lists are in each other in a field. */
function listsOf(field: Field | undefined): number {
  if (field === undefined || !LISTS.has(field.ftype)) return 0;
  if (field.subfield !== 'ListField') return 1;
  return 1 + Math.max(1, listsOf(field.fields.find(({ name }) => name === `${field.name}[]`)));
}

type Unwound = Pick<FieldPath, 'framesUnwound' | 'steps'>;

function unwoundAs(unwind: boolean | -1, { framesUnwound, steps }: Unwound, scope: 'samples' | 'frames'): Unwound {
  if (unwind === false) return { framesUnwound, steps };
  // the outermost list stays when there is to be one for each sample
  let kept = unwind === -1 && scope === 'samples' ? 1 : 0;
  const all = steps.map(({ key, unwound }) => ({ key, unwound: unwound.map(() => kept-- <= 0) }));
  return { framesUnwound: scope === FRAMES && unwind === true, steps: all };
}
