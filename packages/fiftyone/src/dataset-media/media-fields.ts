import { Doc, type ReadonlyDoc } from '../bson/index.js';
import { fieldAt, schemaOf } from '../fields/schema.js';

/** A field whose values are paths of files. */
export interface MediaField {
  /** As users write it: `filepath`, `ground_truth.detections.mask_path`, `frames.objects.map_path`. */
  readonly name: string;
  readonly scope: 'samples' | 'frames';
  /** What holds the file, a label or the field itself: the name without the attribute. Exports have a folder of this name. */
  readonly holder: string;
  /** The path of the value in a document, spelled as the database does. Lists on the way are no level of their own. */
  readonly path: readonly string[];
}

/** The attribute of a document in a sample that names a file. */
const FILES = new Map([
  ['fiftyone.core.labels.Detection', 'mask_path'],
  ['fiftyone.core.labels.Segmentation', 'mask_path'],
  ['fiftyone.core.labels.Heatmap', 'map_path'],
  ['fiftyone.utils.utils3d.OrthographicProjectionMetadata', 'filepath'],
  ['fiftyone.utils.rerun.RrdFile', 'filepath'],
]);

const FRAMES = 'frames.';

/** All media fields of a dataset, `filepath` first. Frames have a `filepath` when images were made of them. */
export function mediaFields(dataset: ReadonlyDoc): MediaField[] {
  const hasFrames = typeof dataset.get('frame_collection_name') === 'string';
  const images =
    hasFrames && fieldAt(schemaOf(dataset, 'frame_fields'), 'filepath') ? [plainField(`${FRAMES}filepath`, true)] : [];
  const shown = shownFields(dataset)
    .filter((name) => hasTexts(dataset, name))
    .map((name) => plainField(name, hasFrames));
  const labels = [...labelFields(dataset, 'samples'), ...images, ...labelFields(dataset, 'frames')];
  const all = [plainField('filepath'), ...shown, ...labels];
  return all.filter(({ name }, i) => all.findIndex((other) => other.name === name) === i);
}

/** The media fields of samples besides `filepath`: those that the App shows, and labels with files of their own. */
export function sampleMediaFields(dataset: ReadonlyDoc): MediaField[] {
  return [...shownFields(dataset).map((name) => plainField(name)), ...labelFields(dataset, 'samples')];
}

/** The media fields of frames: labels with files of their own. */
export function frameMediaFields(dataset: ReadonlyDoc): MediaField[] {
  return labelFields(dataset, 'frames');
}

/** The fields besides `filepath` whose files the App can show. */
function shownFields(dataset: ReadonlyDoc): string[] {
  const config = dataset.get('app_config');
  const shown = config instanceof Doc ? config.get('media_fields') : undefined;
  return Array.isArray(shown) ? shown.filter((name): name is string => typeof name === 'string' && name !== 'filepath') : [];
}

/** Whether a field can have paths: of labels their files are fields of their own. */
function hasTexts(dataset: ReadonlyDoc, name: string): boolean {
  const [key, path] = name.startsWith(FRAMES)
    ? (['frame_fields', name.slice(FRAMES.length)] as const)
    : (['sample_fields', name] as const);
  return fieldAt(schemaOf(dataset, key), path)?.embeddedDocType == null;
}

/** @param hasFrames whether `frames.` leads to them */
function plainField(name: string, hasFrames = false): MediaField {
  const isOfFrames = hasFrames && name.startsWith(FRAMES);
  const path = (isOfFrames ? name.slice(FRAMES.length) : name).split('.');
  return { name, scope: isOfFrames ? 'frames' : 'samples', holder: name, path };
}

function labelFields(dataset: ReadonlyDoc, scope: MediaField['scope']): MediaField[] {
  const below = (fields: unknown, prefix: string, above: readonly string[]): MediaField[] => {
    if (!Array.isArray(fields)) return [];
    return fields.flatMap((field) => {
      if (!(field instanceof Doc) || typeof field.get('name') !== 'string') return [];
      const holder = `${prefix}${field.get('name')}`;
      const stored = field.get('db_field');
      const path = [...above, typeof stored === 'string' ? stored : (field.get('name') as string)];
      const file = FILES.get(String(field.get('embedded_doc_type')));
      const own = file ? [{ name: `${holder}.${file}`, scope, holder, path: [...path, file] }] : [];
      return [...own, ...below(field.get('fields'), `${holder}.`, path)];
    });
  };
  return scope === 'frames' ? below(dataset.get('frame_fields'), FRAMES, []) : below(dataset.get('sample_fields'), '', []);
}
