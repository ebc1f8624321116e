/** The options of `fiftyone migrate` as they are typed. */
export interface MigrateFlags {
  readonly info?: boolean;
  readonly all?: boolean;
  readonly version?: string;
  readonly datasetName?: readonly string[];
  readonly errorLevel: number;
  readonly verbose?: boolean;
  readonly dryRun?: boolean;
  readonly keepUnknown?: boolean;
  readonly yes?: boolean;
  readonly concurrency: number;
  readonly json?: boolean;
  readonly history?: string | true;
  readonly unlock?: boolean;
  readonly pause?: boolean;
  readonly resume?: boolean;
  readonly cancel?: boolean;
  readonly verify?: boolean;
  /** What to do with the attic: `true` lists it, `false` is `--no-attic`. */
  readonly attic?: string | boolean;
}
