import { bytesSource } from 'fiftyone/media';
import { type Collection, type Db, MongoServerError } from 'mongodb';
import { contentKey, type FileStore, keepContent } from './file-store.js';
import { isNpmVersion, type NpmManifest, npmDigests, type Packument, tarballName } from './npm-package.js';
import { packageJsonOf } from './npm-tarball.js';
import { Refusal } from './refusal.js';

/** A version of a package of ours, which never changes. */
export interface NpmRecord {
  /** `name@version` */
  readonly _id: string;
  readonly name: string;
  readonly version: string;
  readonly tag: string;
  /** Its package.json. */
  readonly manifest: string;
  readonly integrity: string;
  readonly shasum: string;
  readonly sha256: string;
  readonly size: number;
  readonly key: string;
  readonly uploaded: Date;
  readonly uploadedBy: string;
}

/** Our packages for npm. All of it lives in the database, as of the projects for pip. */
export interface NpmCatalogue {
  /** Undefined if there is nothing of it. @param hrefOf where a tarball is */
  packument(name: string, hrefOf: (file: string) => string): Promise<Packument | undefined>;
  file(name: string, file: string): Promise<NpmRecord | undefined>;
  /** @returns whether it is new. @throws Refusal if it is not what it says, or the version has other content */
  add(name: string, bytes: Buffer, tag: string, by: string): Promise<{ readonly id: string; readonly isNew: boolean }>;
}

export async function openNpmCatalogue(db: Db, files: FileStore): Promise<NpmCatalogue> {
  const records: Collection<NpmRecord> = db.collection('index_npm_files');
  await records.createIndex({ name: 1, uploaded: 1 });
  return {
    async packument(name, hrefOf) {
      const found = await records.find({ name }).sort({ uploaded: 1, _id: 1 }).toArray();
      if (found.length === 0) return undefined;
      return {
        name,
        'dist-tags': Object.fromEntries(found.map(({ tag, version }) => [tag, version])),
        versions: Object.fromEntries(found.map((record) => [record.version, manifestOf(record, hrefOf)])),
        time: Object.fromEntries(found.map(({ version, uploaded }) => [version, uploaded.toISOString()])),
      };
    },
    async file(name, file) {
      const version = file.slice(tarballName(name, '').length - '.tgz'.length, -'.tgz'.length);
      return (await records.findOne({ _id: `${name}@${version}` })) ?? undefined;
    },
    async add(name, bytes, tag, by) {
      const manifest = await packageJsonOf(bytes);
      const { version } = manifest;
      if (manifest.name !== name || !isNpmVersion(version)) {
        throw new Refusal(400, `The package.json in the tarball is not of ${name} with a version`);
      }
      const { integrity, shasum, sha256 } = npmDigests(bytes);
      const id = `${name}@${version}`;
      const key = contentKey(files, 'files', sha256, tarballName(name, version));
      await keepContent(files, key, bytesSource(bytes));
      const record: NpmRecord = {
        ...{ _id: id, name, version, tag, integrity, shasum, sha256, key, size: bytes.length },
        ...{ manifest: JSON.stringify(manifest), uploaded: new Date(), uploadedBy: by },
      };
      try {
        await records.insertOne(record);
        return { id, isNew: true };
      } catch (error) {
        if (!(error instanceof MongoServerError) || error.code !== 11000) throw error;
        const there = await records.findOne({ _id: id });
        if (there?.sha256 === sha256) return { id, isNew: false };
        throw new Refusal(409, `${id} is there with other content, and versions do not change`);
      }
    },
  };
}

function manifestOf({ manifest, name, version, integrity, shasum }: NpmRecord, hrefOf: (file: string) => string): NpmManifest {
  return { ...JSON.parse(manifest), dist: { tarball: hrefOf(tarballName(name, version)), integrity, shasum } };
}
