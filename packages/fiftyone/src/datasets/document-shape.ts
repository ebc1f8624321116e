import { Doc, numberOf, Scalar, type Value } from '../bson/index.js';
import { UsageError } from '../errors.js';

/** Checks a value. @param place where it is, for messages @throws UsageError */
type Shape = (value: Value, place: string) => void;

function wrong(place: string, expected: string): UsageError {
  return new UsageError(`${place} must be ${expected}`, { hint: 'the Python client could not load the dataset otherwise' });
}

const text: Shape = (value, place) => {
  if (typeof value !== 'string') throw wrong(place, 'text');
};

const flag: Shape = (value, place) => {
  if (typeof value !== 'boolean') throw wrong(place, 'true or false');
};

const number: Shape = (value, place) => {
  if (!(value instanceof Scalar) || numberOf(value) === undefined) throw wrong(place, 'a number');
};

function listOf(item: Shape): Shape {
  return (value, place) => {
    if (!Array.isArray(value)) throw wrong(place, 'a list');
    for (const [i, each] of value.entries()) item(each, `${place}[${i}]`);
  };
}

/** Any object. */
const object: Shape = (value, place) => {
  if (!(value instanceof Doc)) throw wrong(place, 'an object');
};

function mapOf(item: Shape): Shape {
  return (value, place) => {
    object(value, place);
    for (const [key, each] of value as Doc) item(each, `${place}.${key}`);
  };
}

/** An object whose attributes may be missing or null; others than these are as they like. */
function objectOf(attributes: Readonly<Record<string, Shape>>, required: readonly string[] = []): Shape {
  return (value, place) => {
    object(value, place);
    for (const [name, shape] of Object.entries(attributes)) {
      const attribute = (value as Doc).get(name) ?? null;
      if (attribute !== null || required.includes(name)) shape(attribute, `${place}.${name}`);
    }
  };
}

const colorScheme = objectOf({
  color_pool: listOf(text),
  color_by: text,
  fields: listOf(object),
  label_tags: object,
  temporal_tags: object,
  multicolor_keypoints: flag,
  opacity: number,
  show_skeletons: flag,
  default_mask_targets_colors: listOf(object),
  colorscales: listOf(object),
  default_colorscale: object,
});

const appConfig = objectOf({
  active_fields: objectOf({ exclude: flag, paths: listOf(text) }),
  color_scheme: colorScheme,
  disable_frame_filtering: flag,
  dynamic_groups_target_frame_rate: number,
  grid_media_field: text,
  media_fallback: flag,
  media_fields: listOf(text),
  modal_media_field: text,
  plugins: object,
  sidebar_groups: listOf(objectOf({ name: text, paths: listOf(text), expanded: flag }, ['name'])),
});

const SHAPES: Readonly<Record<string, Shape>> = {
  info: object,
  classes: mapOf(listOf(text)),
  mask_targets: mapOf(object),
  default_mask_targets: object,
  skeletons: mapOf(objectOf({ labels: listOf(text), edges: listOf(listOf(number)) })),
  app_config: appConfig,
};

/** Makes sure that the Python client can read what is to be stored in a dataset's document. @throws UsageError */
export function checkShape(key: string, value: Value): void {
  SHAPES[key]?.(value, key);
}
