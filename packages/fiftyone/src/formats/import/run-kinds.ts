/** The keys under which a dataset names its runs, in the order in which they are imported, and the folders of their results. */
export const RUN_FOLDERS = new Map([
  ['annotation_runs', 'annotations'],
  ['brain_methods', 'brain'],
  ['evaluations', 'evaluations'],
  ['runs', 'runs'],
] as const);

/** A key under which a dataset names runs. */
export type RunKind = 'annotation_runs' | 'brain_methods' | 'evaluations' | 'runs';
