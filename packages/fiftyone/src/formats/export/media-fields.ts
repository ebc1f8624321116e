import { Doc, type ReadonlyDoc } from '../../bson/index.js';

/** A field whose values are paths of files. */
export interface MediaField {
  /** The folder below `fields/`: the path in the schema of what holds the file, `frames.` in front for a field of frames. */
  readonly name: string;
  /** The path of the value in a document, spelled as the database does. Lists on the way are no level of their own. */
  readonly path: readonly string[];
}

/** The attribute of a label that names a file. */
const FILES = new Map([
  ['fiftyone.core.labels.Detection', 'mask_path'],
  ['fiftyone.core.labels.Segmentation', 'mask_path'],
  ['fiftyone.core.labels.Heatmap', 'map_path'],
]);

/** The media fields of samples besides `filepath`: those that the App shows, and labels with files of their own. */
export function sampleMediaFields(dataset: ReadonlyDoc): MediaField[] {
  const config = dataset.get('app_config');
  const shown = config instanceof Doc ? config.get('media_fields') : undefined;
  const names = Array.isArray(shown) ? shown.filter((name) => typeof name === 'string' && name !== 'filepath') : [];
  const fields = (names as string[]).map((name) => ({ name, path: name.split('.') }));
  return [...fields, ...labelFields(dataset.get('sample_fields'), '', [])];
}

/** The media fields of frames: labels with files of their own. */
export function frameMediaFields(dataset: ReadonlyDoc): MediaField[] {
  return labelFields(dataset.get('frame_fields'), 'frames.', []);
}

function labelFields(fields: unknown, prefix: string, above: readonly string[]): MediaField[] {
  if (!Array.isArray(fields)) return [];
  return fields.flatMap((field) => {
    if (!(field instanceof Doc) || typeof field.get('name') !== 'string') return [];
    const name = `${prefix}${field.get('name')}`;
    const stored = field.get('db_field');
    const path = [...above, typeof stored === 'string' ? stored : (field.get('name') as string)];
    const file = FILES.get(String(field.get('embedded_doc_type')));
    return [...(file ? [{ name, path: [...path, file] }] : []), ...labelFields(field.get('fields'), `${name}.`, path)];
  });
}
