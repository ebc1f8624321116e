import { RUN_FOLDERS as FOLDERS } from '../layout.js';

/** A key under which a dataset names runs. */
export type RunKind = (typeof FOLDERS)[number][0];

/** The keys under which a dataset names its runs, in the order in which they are imported, and the folders of their results. */
export const RUN_FOLDERS: ReadonlyMap<RunKind, string> = new Map(FOLDERS);
