import { join, normalize } from 'node:path';
import { decode, type ReadonlyDoc } from '../../bson/index.js';
import type { Rewrite, Rewrites, TextRewrite } from '../../bson/rewrites.js';
import { frameMediaFields, type MediaField, sampleMediaFields } from '../../dataset-media/media-fields.js';
import { textsIn } from '../../dataset-media/texts-in.js';
import type { Pace } from '../../datasets/pace.js';
import type { Reading, SampleCollection } from '../../datasets/sample-collection.js';
import { atOnce } from '../../media/at-once.js';
import { isRemotePath } from '../../media/remote-path.js';
import { environment } from '../../settings.js';
import { projectionOf } from '../../values/projection.js';
import type { CheckedOptions } from './checked-options.js';
import { FILES_AT_ONCE } from './cloud-files.js';
import { CloudMedia } from './cloud-media.js';
import { checkFiles, copyMedia, textOfScene } from './copy-media.js';
import { pathBelow } from './file-names.js';
import { Media, sourceOf } from './media.js';
import { MissingMediaError } from './missing-media.js';
import { countOf, readDocuments } from './read-documents.js';
import type { Staging } from './staging.js';

/** A place in documents with paths of files, and what a path becomes. */
interface Place {
  readonly path: readonly string[];
  readonly becomes: TextRewrite;
}

/** The media of an export: which files there are, what documents call them, and the files themselves. */
export class ExportedMedia {
  readonly #media: Media;
  readonly #cloud: CloudMedia;
  readonly #sizes = new Map<string, number>();
  readonly #bad = new Map<string, string>();
  #checked = 0;

  constructor(
    readonly samples: SampleCollection,
    readonly dataset: ReadonlyDoc,
    readonly options: CheckedOptions,
    readonly staging: Staging,
    /** Whether there are files in the folder of the export that stay. */
    isBeside: boolean,
    readonly pace: Pace,
  ) {
    const { relDir, chunkSize, archive, folder, exportMedia: mode } = options;
    this.#cloud = new CloudMedia(environment(), join(staging.root, 'scenes'));
    this.#media = new Media({
      ...{ mode, cloud: this.#cloud, relDir, chunkSize },
      ...{ noBackslashes: archive === '.zip', beside: isBeside ? folder : undefined },
    });
  }

  /** Looks for all files, before anything is written. @throws MissingMediaError */
  async check(): Promise<void> {
    if (this.options.exportMedia === false) return;
    await this.#find(this.samples.samples('all'), this.#samplePlaces(), 'samples');
    const frames = this.samples.frames();
    if (frames) await this.#find(frames, this.#framePlaces(), 'frames');
    await this.#checkNew();
  }

  /** What becomes of the paths in samples, or undefined if they stay. */
  sampleRewrites(): Rewrites | undefined {
    const { exportMedia, relDir } = this.options;
    if (exportMedia !== false) return rewritesOf(this.#samplePlaces());
    if (relDir === undefined) return undefined;
    const becomes = (path: string) => pathBelow(relDir, isRemotePath(path) ? path : normalize(path)) ?? path;
    return rewritesOf(
      [['filepath'], ...sampleMediaFields(this.dataset).map(({ path }) => path)].map((path) => ({ path, becomes })),
    );
  }

  /** Frames keep their paths: no other client resolves those of an export. */
  frameRewrites(): undefined {
    return undefined;
  }

  /** Brings the files into the export. */
  async copy(): Promise<void> {
    const { exportMedia: mode } = this.options;
    if (mode === false) return;
    // samples may have come since all were looked at
    await this.#checkNew();
    const files = this.#media.files.filter(({ from }) => !this.#bad.has(from));
    const total = this.total().bytes;
    let done = 0;
    const tell = (bytes: number) => {
      // what changes while it is fetched is fetched anew
      done = Math.min(done + bytes, total);
      this.pace.tell({ what: 'Exporting media', done, total, unit: 'bytes' });
    };
    const media = this.#media;
    await copyMedia({
      ...{
        media,
        files: files.filter(({ isRemote }) => !isRemote),
        folder: this.staging.files,
        place: this.staging.folder,
        mode,
      },
      ...{ journal: this.staging.journal, originals: this.staging.originals },
      tell: ({ from }) => tell(this.#sizes.get(from) ?? 0),
    });
    const remote = files.filter(({ isRemote }) => isRemote);
    await atOnce(remote, FILES_AT_ONCE, (file) =>
      this.#cloud.copy(file, join(this.staging.files, file.to), (text) => textOfScene(media, file, text), tell),
    );
  }

  /** Where the files of frames are, as JSON, or undefined if frames have none. */
  frameMedia(): string | undefined {
    const known = [...this.#media.frames].filter(([path]) => !this.#bad.has(sourceOf(path)));
    return known.length === 0
      ? undefined
      : `{${known.map((pair) => pair.map((text) => JSON.stringify(text)).join(': ')).join(',\n')}}`;
  }

  total(): { files: number; bytes: number } {
    const files = this.#media.files.filter(({ from }) => !this.#bad.has(from));
    return { files: files.length, bytes: files.reduce((sum, { from }) => sum + (this.#sizes.get(from) ?? 0), 0) };
  }

  missing(): string[] {
    return [...this.#bad.keys()];
  }

  warnings(): string[] {
    const { size } = this.#media.remote;
    const first = [...this.#media.remote][0];
    return size === 0
      ? []
      : [`${size} media are in stores that are not known here and stay where they are, for example ${first}`];
  }

  async #find(reading: Reading, places: readonly Place[], unit: string): Promise<void> {
    if (places.length === 0) return;
    const { db } = this.samples.connection;
    const total = await countOf(db, reading);
    const dotted = places.map(({ path }) => path.join('.'));
    const project = projectionOf([...new Set(dotted)], false);
    let done = 0;
    for await (const batch of readDocuments(db, reading, project)) {
      const docs = batch.map((bson) => decode(bson));
      if (unit === 'samples' && this.options.exportMedia === true) {
        await this.#cloud.fetchScenes(docs.flatMap((doc) => textsIn(doc, ['filepath'])));
      }
      for (const doc of docs) {
        for (const { path, becomes } of places) for (const text of textsIn(doc, path)) becomes(text);
      }
      done += batch.length;
      this.pace.tell({ what: 'Looking for media', done, unit, ...(total === undefined ? {} : { total }) });
    }
  }

  async #checkNew(): Promise<void> {
    const bad = new Map<string, string>();
    while (this.#checked < this.#media.files.length) {
      const files = this.#media.files.slice(this.#checked);
      this.#checked = this.#media.files.length;
      const [remote, local] = [true, false].map(
        (kind) => new Set(files.filter(({ isRemote }) => isRemote === kind).map(({ from }) => from)),
      ) as [Set<string>, Set<string>];
      const total = remote.size + local.size;
      const tell = (done: number) => this.pace.tell({ what: 'Checking media', done, total, unit: 'files' });
      const found = [await checkFiles(local, tell), await this.#cloud.check(remote, (done) => tell(local.size + done))];
      for (const { sizes } of found) for (const [path, size] of sizes) this.#sizes.set(path, size);
      // in the order of the samples
      for (const { from } of files) {
        const problem = found.map((checked) => checked.bad.get(from)).find((text) => text !== undefined);
        if (problem !== undefined) bad.set(from, problem);
      }
      // those that have come while samples were written name files that are not known yet
      const scenes = files.filter(
        ({ from, isScene, isRemote }) => isScene && isRemote && this.#cloud.sceneAt(from) === undefined,
      );
      await this.#cloud.fetchScenes(scenes.map(({ from }) => from));
      for (const scene of scenes) this.#media.placeAssets(scene);
    }
    for (const [path, problem] of bad) this.#bad.set(path, problem);
    if (bad.size > 0 && !this.options.skipMissing) throw new MissingMediaError(bad);
  }

  #samplePlaces(): Place[] {
    const fields = sampleMediaFields(this.dataset).map((field) => this.#fieldPlace(field));
    return [{ path: ['filepath'], becomes: this.#unlessBad((path) => this.#media.ofSample(path)) }, ...fields];
  }

  #fieldPlace({ holder, path }: MediaField): Place {
    return { path, becomes: this.#unlessBad((text) => this.#media.ofField(holder, text)) };
  }

  #framePlaces(): Place[] {
    return frameMediaFields(this.dataset).map(({ holder, path }) => ({
      path,
      becomes: (text) => this.#media.ofFrame(holder, text),
    }));
  }

  /** What cannot be exported keeps its path. */
  #unlessBad(becomes: TextRewrite): TextRewrite {
    return (path) => (this.#bad.size > 0 && this.#bad.has(sourceOf(path)) ? path : becomes(path));
  }
}

/** Rewrites by key. Where one place is within another one, the inner one counts. */
function rewritesOf(places: readonly Place[]): Rewrites {
  const tree = new Map<string, Rewrite>();
  for (const { path, becomes } of places) {
    let level = tree;
    for (const key of path.slice(0, -1)) {
      const below = level.get(key);
      const next = below instanceof Map ? (below as Map<string, Rewrite>) : new Map<string, Rewrite>();
      level.set(key, next);
      level = next;
    }
    const last = path.at(-1) as string;
    if (!(level.get(last) instanceof Map)) level.set(last, becomes);
  }
  return tree;
}
