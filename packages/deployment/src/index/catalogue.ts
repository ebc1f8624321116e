import { UsageError } from 'fiftyone';
import { Binary, type Collection, type Db, MongoServerError, Timestamp } from 'mongodb';
import { normaliseName } from './project-name.js';
import { compareVersions } from './project-version.js';

/** A file of ours, as the database knows it: it is there when this is, and never changes. */
export interface FileRecord {
  /** The name of the file, which is never used again, also if the file is deleted. */
  readonly _id: string;
  readonly project: string;
  readonly version: string;
  readonly kind: 'wheel' | 'sdist';
  readonly size: number;
  readonly sha256: string;
  readonly md5: string;
  readonly requiresPython?: string;
  /** Where its content is in the store. */
  readonly key: string;
  readonly metadataSha256?: string;
  readonly uploaded: Date;
  /** The id of the token. */
  readonly uploadedBy: string;
  /** Why nobody should use it; empty if nobody said why. */
  readonly yanked?: string;
  readonly deleted?: Date;
}

interface StoredRecord extends FileRecord {
  /** The metadata of a wheel, as PEP 658 gives it out. */
  readonly metadata?: Binary;
  /** When the server last wrote this, by which other processes see what is new. */
  readonly changed: Timestamp;
}

/** Which projects are ours, and what there is of them. All of it lives in the database; several processes may serve it. */
export interface Catalogue {
  /** Whether a project is ours, which it stays without any files. At most a second old. */
  owns(project: string): Promise<boolean>;
  /** The names of our projects that have files. */
  projects(): Promise<string[]>;
  /** The files of a project that are not deleted, by version and name. At most a second old. */
  files(project: string): Promise<readonly FileRecord[]>;
  /** A file that is not deleted. */
  file(name: string): Promise<FileRecord | undefined>;
  metadata(name: string): Promise<Uint8Array | undefined>;
  /** Adds a file whose content is in the store. @returns the record of that name that is there already, if one is */
  add(record: FileRecord, metadata: Uint8Array | undefined): Promise<FileRecord | undefined>;
  /** The record of a name, also of a deleted file. */
  record(name: string): Promise<FileRecord | undefined>;
  /** Whether a file that is not deleted has its content at this key, also one for npm. */
  isKept(key: string): Promise<boolean>;
  /** @param reason undefined takes it back. @returns the names of the files */
  yank(project: string, version: string, reason: string | undefined): Promise<string[]>;
  /** Nothing is served of the file from now on. @returns it, if it was there */
  remove(name: string): Promise<FileRecord | undefined>;
  /** Makes a name ours, for good: it is never looked up upstream again. */
  claim(name: string): Promise<string>;
}

const FRESH_MS = 1000;

/** By how much a write may become visible later than one that began after it. */
const OVERLAP_SECONDS = 10;

const PLAIN = { projection: { metadata: 0, changed: 0 } } as const;

/** @param ownNames projects that are ours from the start */
export async function openCatalogue(db: Db, ownNames: readonly string[]): Promise<Catalogue> {
  const files: Collection<StoredRecord> = db.collection('index_files');
  const claims: Collection<{ _id: string }> = db.collection('index_names');
  await Promise.all([files.createIndex({ project: 1 }), files.createIndex({ changed: 1 }), files.createIndex({ key: 1 })]);

  const listed = new Map<string, Promise<readonly FileRecord[]>>();
  const own = new Set<string>();
  let seen: Timestamp | undefined;
  let lookedAt = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> | undefined;

  const claim = async (name: string): Promise<string> => {
    const project = normaliseName(name);
    if (project === undefined) throw new UsageError(`'${name}' is no name of a project`);
    await claims.updateOne({ _id: project }, { $setOnInsert: {} }, { upsert: true });
    own.add(project);
    return project;
  };

  const forget = (project: string) => void listed.delete(project);

  /** What was written since the last look. */
  const look = async () => {
    const fields = { projection: { project: 1, changed: 1 } };
    // at first nothing is remembered that could be old
    const news = seen
      ? files.find({ changed: { $gte: new Timestamp({ t: seen.t - OVERLAP_SECONDS, i: 0 }) } }, fields).sort({ changed: 1 })
      : files.find({}, fields).sort({ changed: -1 }).limit(1);
    const [changes, names] = await Promise.all([news.toArray(), claims.find().toArray()]);
    for (const { _id } of names) own.add(_id);
    for (const project of new Set(changes.map((change) => change.project))) forget(project);
    seen = changes.at(-1)?.changed ?? seen ?? new Timestamp({ t: OVERLAP_SECONDS, i: 0 });
  };

  const beFresh = async () => {
    if (performance.now() - lookedAt < FRESH_MS) return;
    looking ??= look().finally(() => {
      looking = undefined;
    });
    const started = performance.now();
    await looking;
    lookedAt = started;
  };

  const read = async (project: string): Promise<readonly FileRecord[]> => {
    const found = await files.find({ project, deleted: { $exists: false } }, PLAIN).toArray();
    return found.sort((a, b) => compareVersions(a.version, b.version) || (a._id < b._id ? -1 : 1));
  };

  const changed = { $currentDate: { changed: { $type: 'timestamp' } } } as const;

  for (const name of ownNames) await claim(name);

  return {
    claim,
    async owns(project) {
      await beFresh();
      return own.has(project);
    },
    async projects() {
      const names: string[] = await files.distinct('project', { deleted: { $exists: false } });
      return names.sort();
    },
    async files(project) {
      await beFresh();
      const known = listed.get(project);
      if (known !== undefined) return await known;
      // remembered before it is read, so that a change in between makes it forgotten
      const reading = read(project);
      listed.set(project, reading);
      return await reading.catch((error) => {
        if (listed.get(project) === reading) listed.delete(project);
        throw error;
      });
    },
    file: async (name) => (await files.findOne({ _id: name, deleted: { $exists: false } }, PLAIN)) ?? undefined,
    record: async (name) => (await files.findOne({ _id: name }, PLAIN)) ?? undefined,
    async isKept(key) {
      const live = { key, deleted: { $exists: false } };
      const found = await Promise.all([files.findOne(live, PLAIN), db.collection('index_npm_files').findOne({ key })]);
      return found.some((record) => record !== null);
    },
    async metadata(name) {
      const found = await files.findOne({ _id: name, deleted: { $exists: false } }, { projection: { metadata: 1 } });
      return found?.metadata?.buffer;
    },
    async add(record, metadata) {
      try {
        // the server puts its time in place of an empty timestamp
        const given = metadata === undefined ? {} : { metadata: new Binary(metadata) };
        await files.insertOne({ ...record, ...given, changed: new Timestamp({ t: 0, i: 0 }) });
        return undefined;
      } catch (error) {
        if (!(error instanceof MongoServerError) || error.code !== 11000) throw error;
        return (await files.findOne({ _id: record._id }, PLAIN)) ?? undefined;
      } finally {
        forget(record.project);
      }
    },
    async yank(project, version, reason) {
      const which = { project, version, deleted: { $exists: false } };
      await files.updateMany(which, {
        ...(reason === undefined ? { $unset: { yanked: 1 } } : { $set: { yanked: reason } }),
        ...changed,
      });
      forget(project);
      return (await files.find(which, { projection: { _id: 1 } }).toArray()).map(({ _id }) => _id);
    },
    async remove(name) {
      const found = await files.findOneAndUpdate(
        { _id: name, deleted: { $exists: false } },
        { $set: { deleted: new Date() }, $unset: { metadata: 1 }, ...changed },
        PLAIN,
      );
      if (found !== null) forget(found.project);
      return found ?? undefined;
    },
  };
}
