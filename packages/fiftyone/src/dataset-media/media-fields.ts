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

/** The attribute of a label that names a file. */
const FILES = new Map([
  ['fiftyone.core.labels.Detection', 'mask_path'],
  ['fiftyone.core.labels.Segmentation', 'mask_path'],
  ['fiftyone.core.labels.Heatmap', 'map_path'],
]);

const FRAMES = 'frames.';

/** All media fields of a dataset, `filepath` first. Frames have a `filepath` when images were made of them. */
export function mediaFields(dataset: ReadonlyDoc): MediaField[] {
  const hasFrames = typeof dataset.get('frame_collection_name') === 'string';
  const images = hasFrames && fieldAt(schemaOf(dataset, 'frame_fields'), 'filepath') ? [plainField(`${FRAMES}filepath`)] : [];
  const all = [plainField('filepath'), ...sampleMediaFields(dataset), ...images, ...frameMediaFields(dataset)];
  return all.filter(({ name }, i) => all.findIndex((other) => other.name === name) === i);
}

/** The media fields of samples besides `filepath`: those that the App shows, and labels with files of their own. */
export function sampleMediaFields(dataset: ReadonlyDoc): MediaField[] {
  const config = dataset.get('app_config');
  const shown = config instanceof Doc ? config.get('media_fields') : undefined;
  const names = Array.isArray(shown) ? shown.filter((name) => typeof name === 'string' && name !== 'filepath') : [];
  return [...(names as string[]).map((name) => plainField(name, 'samples')), ...labelFields(dataset, 'samples')];
}

/** The media fields of frames: labels with files of their own. */
export function frameMediaFields(dataset: ReadonlyDoc): MediaField[] {
  return labelFields(dataset, 'frames');
}

function plainField(name: string, scope: MediaField['scope'] = name.startsWith(FRAMES) ? 'frames' : 'samples'): MediaField {
  return { name, scope, holder: name, path: (scope === 'frames' ? name.slice(FRAMES.length) : name).split('.') };
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
