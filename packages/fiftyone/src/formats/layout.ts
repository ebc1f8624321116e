/** The files and folders of a `FiftyOneDataset`, relative to its folder. */
export const METADATA = 'metadata.json';
export const DATA = 'data';
/** Media of other fields than `filepath`: a folder per field, named for the field's path. */
export const FIELDS = 'fields';
export const TAGS = 'tags.json';

/**
 * Where the media of frames went: `{"<path in frames.json>": "<path in the export>"}`. The real client neither writes nor reads
 * it; `frames.json` has the paths that it would have.
 */
export const FRAME_MEDIA = 'frame_media.json';

/** What holds documents: the key of the object in the file, which is also the folder's name when each has a file of its own. */
export const SAMPLES = 'samples';
export const FRAMES = 'frames';

/** The file that holds all documents of a kind. */
export function documentsFile(kind: typeof SAMPLES | typeof FRAMES): string {
  return `${kind}.json`;
}

/** The dictionaries of runs in the dataset's document, and the folder that the results of each kind are in. */
export const RUN_FOLDERS = [
  ['annotation_runs', 'annotations'],
  ['brain_methods', 'brain'],
  ['evaluations', 'evaluations'],
  ['runs', 'runs'],
] as const;

/** The folder in which an export is made, and in which what it replaces is kept, until it is complete. */
export const STAGING = '.fiftyone-export';

/** The file in it that notes, a line each, which media are moved from where to where. */
export const MOVES = 'moves.jsonl';

const ARCHIVES = ['.zip', '.tar.gz', '.tgz', '.tar', '.rar', '.tar.bz2', '.tar.bz', '.tbz'] as const;
export type ArchiveExtension = (typeof ARCHIVES)[number];

/** The extension by which a path names an archive, or undefined for a folder. */
export function archiveExtension(path: string): ArchiveExtension | undefined {
  return ARCHIVES.find((extension) => path.toLowerCase().endsWith(extension));
}
