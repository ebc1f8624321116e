import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { withFile } from 'fiftyone/media';
import type { Catalogue, FileRecord } from './catalogue.js';
import { parseCoreMetadata } from './core-metadata.js';
import { digestsOf } from './digests.js';
import { parseFileName } from './file-name.js';
import { contentKey, type FileStore, keepContent } from './file-store.js';
import { normaliseName } from './project-name.js';
import { normaliseVersion } from './project-version.js';
import { Refusal } from './refusal.js';
import { sdistMetadata } from './sdist.js';
import { wheelMetadata } from './wheel.js';

/** What the sender says of a file; whatever is given has to be true. */
export interface Stated {
  readonly project?: string | undefined;
  readonly version?: string | undefined;
  readonly sha256?: string | undefined;
  readonly md5?: string | undefined;
  readonly blake2b256?: string | undefined;
}

export interface NewFile {
  /** Where it is on this machine. */
  readonly path: string;
  readonly name: string;
  /** The id of a token, or who calls the verb. */
  readonly by: string;
  readonly stated?: Stated;
}

/**
 * Adds a file to the index: checks it, puts its content into the store, and only then makes it known, by one write. The same
 * file again is fine.
 *
 * @returns whether it is new
 * @throws Refusal if it is not what it says, its name belongs to other content, or its project is not ours
 */
export async function addFile(catalogue: Catalogue, files: FileStore, given: NewFile): Promise<boolean> {
  const { path, name, by, stated = {} } = given;
  const said = parseFileName(name);
  if (said === undefined) throw new Refusal(400, `${JSON.stringify(name)} is not the name of a wheel or a source distribution`);
  const { project, version, kind } = said;
  if (stated.project !== undefined && normaliseName(stated.project) !== project) {
    throw new Refusal(400, `the form says project ${JSON.stringify(stated.project)}, the file name ${project}`);
  }
  if (stated.version !== undefined && normaliseVersion(stated.version) !== version) {
    throw new Refusal(400, `the form says version ${JSON.stringify(stated.version)}, the file name ${version}`);
  }
  if (!(await catalogue.owns(project))) {
    throw new Refusal(403, `${project} is not a project of this index: an admin has to claim the name first`);
  }
  const digests = await digestsOf(path, stated.blake2b256 !== undefined);
  for (const kind of ['sha256', 'md5', 'blake2b256'] as const) {
    if (stated[kind] !== undefined && stated[kind].toLowerCase() !== digests[kind]) {
      throw new Refusal(400, `the file arrived with another ${kind} than the form says`);
    }
  }
  const { sha256, md5 } = digests;
  const there = await catalogue.record(name);
  if (there !== undefined) return sameOrRefused(there, sha256);

  const metadata = kind === 'wheel' ? await wheelMetadata(path, project, version) : await sdistMetadata(path);
  const core = parseCoreMetadata(metadata.toString('utf8'));
  if (core?.project !== project || core.version !== version) {
    throw new Refusal(
      400,
      `the metadata in the file says ${core ? `${core.project} ${core.version}` : 'no name and version'}, the file name ${project} ${version}`,
    );
  }
  const key = contentKey(files, 'files', sha256, name);
  await withFile(path, (source) => keepContent(files, key, source));
  const record: FileRecord = {
    ...{
      _id: name,
      project,
      version,
      kind,
      key,
      sha256,
      md5,
      size: (await stat(path)).size,
      uploaded: new Date(),
      uploadedBy: by,
    },
    ...(core.requiresPython === undefined ? {} : { requiresPython: core.requiresPython }),
    ...(kind === 'wheel' ? { metadataSha256: createHash('sha256').update(metadata).digest('hex') } : {}),
  };
  const earlier = await catalogue.add(record, kind === 'wheel' ? metadata : undefined);
  return earlier === undefined || sameOrRefused(earlier, sha256);
}

function sameOrRefused(there: FileRecord, sha256: string): false {
  if (there.deleted !== undefined) {
    throw new Refusal(409, `${there._id} was deleted, and its name is not used again: upload another version or build`);
  }
  if (there.sha256 === sha256) return false;
  throw new Refusal(409, `File already exists: ${there._id} is there with other content, and files do not change`);
}
