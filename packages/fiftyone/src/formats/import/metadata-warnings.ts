import { Doc, ObjectId, type ReadonlyDoc, type Value } from '../../bson/index.js';
import { releaseAt } from '../../migrations/release-documents.js';
import { kindOf } from '../../migrations/shape.js';
import { openSourceVersion } from '../../version.js';

/** Something in the metadata of an export that a client of FiftyOne stumbles over, though it can be imported. */
export interface MetadataWarning {
  /** The key, such as `sample_fields[3].ftype`. */
  readonly place: string;
  readonly message: string;
}

const FIELDS = 'fiftyone.core.fields.';

/** Looks for what clients of FiftyOne cannot load. */
export function metadataWarnings(metadata: ReadonlyDoc): MetadataWarning[] {
  const config = metadata.get('app_config') ?? null;
  const isGroup = metadata.get('media_type') === 'group' && typeof metadata.get('group_field') !== 'string';
  return [
    ...schemaWarnings(metadata.get('sample_fields'), 'sample_fields', metadata.get('version')),
    ...schemaWarnings(metadata.get('frame_fields'), 'frame_fields', metadata.get('version')),
    ...(config === null || config instanceof Doc
      ? []
      : [{ place: 'app_config', message: `is ${kindOf(config)}, expected a document: no client of FiftyOne can load it` }]),
    ...(isGroup
      ? [
          {
            place: 'group_field',
            message: 'the dataset has groups, and does not say in which field: no client of FiftyOne can load it',
          },
        ]
      : []),
  ];
}

function schemaWarnings(fields: Value | undefined, where: string, version: Value | undefined): MetadataWarning[] {
  if (!Array.isArray(fields)) return [];
  return fields.flatMap((field, i) => {
    if (!(field instanceof Doc)) return [];
    const place = `${where}[${i}]`;
    const found: MetadataWarning[] = [];
    const name = field.get('name');
    if (typeof name === 'string' && /^$|^\$|[.\0]/.test(name)) {
      found.push({ place: `${place}.name`, message: `no field can be called ${JSON.stringify(name)}` });
    }
    for (const key of ['ftype', 'subfield']) {
      const type = field.get(key);
      if (typeof type === 'string' && !isKnownType(type, version)) {
        found.push({ place: `${place}.${key}`, message: `no client of FiftyOne knows the type ${JSON.stringify(type)}` });
      }
    }
    return [...found, ...schemaWarnings(field.get('fields'), `${place}.fields`, version)];
  });
}

/** Types of other modules are those of a plugin, which another client may have. */
function isKnownType(type: string, version: Value | undefined): boolean {
  if (!type.startsWith(FIELDS)) return /^\w+(\.\w+)+$/.test(type);
  if (!type.endsWith('Field')) return false;
  const name = type.slice(FIELDS.length, -'Field'.length);
  return name === '' || releasesFor(version).some((release) => release.fields.has(name));
}

function releasesFor(version: Value | undefined) {
  const now = releaseAt(openSourceVersion);
  try {
    return typeof version === 'string' ? [now, releaseAt(version)] : [now];
  } catch {
    return [now];
  }
}

/** What is wrong with the stages of saved views: clients cannot load such a view. */
export function stageProblems(views: Value | undefined): MetadataWarning[] {
  if (!Array.isArray(views)) return [];
  return views.flatMap((view, i) => {
    if (!(view instanceof Doc) || view instanceof ObjectId) return [];
    const stages = view.get('view_stages');
    const place = `saved_views[${i}].view_stages`;
    if (!Array.isArray(stages)) return [{ place, message: `is ${kindOf(stages)}, expected a list` }];
    return stages.flatMap((stage, j) =>
      isStage(stage) ? [] : [{ place: `${place}[${j}]`, message: 'is not the text of a view stage' }],
    );
  });
}

function isStage(stage: Value): boolean {
  try {
    const found: unknown = typeof stage === 'string' ? JSON.parse(stage.replace(/\b(?:NaN|-?Infinity)\b/g, 'null')) : undefined;
    return typeof (found as { _cls?: unknown } | undefined)?._cls === 'string';
  } catch {
    return false;
  }
}
