import { compareBase } from '../../src/version.js';
import { type Difference, pathText } from './changes.js';

/** What is not as it was after a way there and back, although nothing of it was anybody's, or although it is told elsewhere. */
interface LeftOver {
  /** The revision without which it would not be so. */
  readonly revision: string;
  readonly path: RegExp;
  readonly why: string;
}

const SCHEMA = String.raw`^(sample|frame)_fields(\[[^\]]*\])?`;

const LEFT_OVER: readonly LeftOver[] = [
  { revision: '0.6.2', path: /^media_type$/, why: 'a dataset that says nothing is one of images' },
  {
    revision: '0.6.2',
    path: /^sample_fields\[frames\]\.subfield$/,
    why: 'the real client writes ReferenceField, whichever of the two was there',
  },
  {
    revision: '0.7.2',
    path: /^sample_fields\[frames\]/,
    why: 'the schema of a video dataset names frames before 0.7.2 and not after it',
  },
  { revision: '0.7.3', path: /^evaluations$/, why: 'set when it is missing' },
  {
    revision: '0.9.4',
    path: /^(sample|frame)_fields(\[(id|frame_number|_sample_id)\].*)?$/,
    why: 'ids and frame numbers are declared anew on every way up',
  },
  {
    revision: '0.9.4',
    path: new RegExp(`${SCHEMA}\\.db_field$`),
    why: 'a field that does not say where it is stored gets its name',
  },
  { revision: '0.13.0', path: /^brain_methods\..*\.config\.metric$/, why: 'a similarity run gets the usual metric' },
  { revision: '0.14.0', path: /^frame_collection_name$/, why: 'it follows from the name of the collection of samples' },
  {
    revision: '0.16.0',
    path: new RegExp(`${SCHEMA}\\.fields\\b|^sample_fields\\[metadata\\]\\.embedded_doc_type$`),
    why: 'the default schema of a class is set anew, that of lists of labels by 0.16.1; what else was there is told as lost',
  },
  {
    revision: '0.16.1',
    path: new RegExp(`${SCHEMA}\\.fields\\b|^sample_fields\\[metadata\\]\\.embedded_doc_type$`),
    why: 'the default schema of a class is set anew; what else was there is told as lost. That of keypoints is corrected (F3)',
  },
  {
    revision: '0.17.0',
    path: /^(app_config(\.(media_fields|(grid|modal)_media_field))?|app_sidebar_groups)$/,
    why: 'settings of the App get their defaults',
  },
  {
    revision: '0.17.0',
    path: /^app_config\.dynamic_groups_target_frame_rate$/,
    why: 'newer clients set it again when it is missing; one that is not their default is told as lost',
  },
  { revision: '0.19.0', path: /^slug$/, why: 'it is made from the name when it is missing' },
  {
    revision: '0.20.0',
    path: /^brain_methods\..*\.config\.method$/,
    why: 'a similarity run that does not say its method is of the usual one',
  },
  {
    revision: '0.20.0',
    path: /^((sample|frame)_fields\[_dataset_id\]|frame_collection_name|app_config\.sidebar_groups\[(label )?tags\].*)$/,
    why: 'going down leaves the field in the schema, and names the collection of frames',
  },
  { revision: '0.23.0', path: /^app_config\.color_scheme\._id$/, why: 'a color scheme gets another id on every way up' },
  {
    revision: '1.0.0',
    path: new RegExp(`${SCHEMA}\\[(created|last_modified)_at\\]|^last_modified_at$`),
    why: 'times are kept on the way down',
  },
];

/** These are part of no step, but of every way. */
const ALWAYS: readonly Omit<LeftOver, 'revision'>[] = [
  { path: /^(sample|frame)_fields.*\._cls$/, why: 'a schema has one class of entries only, whether they name it or not' },
  {
    path: /^(sample|frame)_fields\[(created|last_modified)_at\]\.read_only$/,
    why: 'from 1.0.0 on these fields are read-only in every dataset',
  },
];

/** Whether a difference after going from one version to another and back is one of these. */
export function isLeftOver(from: string, to: string): (difference: Difference) => boolean {
  const [low, high] = compareBase(from, to) < 0 ? [from, to] : [to, from];
  const between = LEFT_OVER.filter(({ revision }) => compareBase(revision, low) > 0 && compareBase(revision, high) <= 0);
  return (difference) => [...between, ...ALWAYS].some(({ path }) => path.test(pathText(difference)));
}
