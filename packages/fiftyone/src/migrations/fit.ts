import { clone, type Doc, type ReadonlyDoc } from '../bson/index.js';
import { fitDocuments } from './fit/documents.js';
import { removeColourTargets } from './fit/mask-targets.js';
import { fitSchema, type SchemaChanges } from './fit/schema.js';
import { removeUnknownKeys } from './fit/strict-keys.js';
import { type Release, releaseAt } from './release-documents.js';
import type { Step } from './revision.js';

/**
 * A step that takes out what the client of a release fails to read, so that it opens the dataset: the last of a downgrade.
 * What that client merely ignores stays.
 */
export function fitTo(target: string): Step {
  const release = releaseAt(target);
  return {
    blocked({ dataset }) {
      if (dataset.get('media_type') !== 'group' || release.mediaTypes.has('group')) return undefined;
      return `release ${target} does not know groups`;
    },
    loses({ dataset }) {
      const { keys, colours, schema } = fit(copyOf(dataset), release);
      const removed = schema.removed.map(({ name, missing }) => `${name} (${missing})`);
      return [
        ...line(`what release ${target} has no place for`, keys),
        ...line(`mask targets of colours, which release ${target} does not know`, colours),
        ...line(`fields of classes that release ${target} lacks, with their values`, removed),
        ...line(`classes of fields that release ${target} lacks; their values stay`, schema.retyped),
      ];
    },
    bulk({ dataset }) {
      const fitted = copyOf(dataset);
      const { schema } = fit(fitted, release);
      return fitDocuments(fitted, release, schema.removed);
    },
    edit({ dataset }, { warn }) {
      fit(dataset, release);
      const mediaType = dataset.get('media_type');
      if (typeof mediaType === 'string' && !release.mediaTypes.has(mediaType)) {
        warn(`release ${target} does not know media type '${mediaType}': it opens the dataset, but may not show its media`);
      }
    },
  };
}

interface Fitted {
  readonly keys: readonly string[];
  readonly colours: readonly string[];
  readonly schema: SchemaChanges;
}

function fit(dataset: Doc, release: Release): Fitted {
  const schema = fitSchema(dataset, release);
  return { schema, colours: removeColourTargets(dataset, release), keys: removeUnknownKeys(dataset, release) };
}

function copyOf(dataset: ReadonlyDoc): Doc {
  return clone(dataset as Doc);
}

function line(what: string, names: readonly string[]): string[] {
  return names.length === 0 ? [] : [`${what}: ${names.join(', ')}`];
}
