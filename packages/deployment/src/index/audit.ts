/** Something that somebody may have to account for. Holds no secrets. */
export interface AuditEvent {
  readonly action:
    | 'token refused'
    | 'right missing'
    | 'uploaded'
    | 'upload refused'
    | 'yanked'
    | 'unyanked'
    | 'deleted'
    | 'name claimed';
  /** The id of a token, or who called the verb; undefined if nobody knows. */
  readonly by?: string;
  readonly address?: string;
  /** The file, project or path. */
  readonly what?: string;
  readonly why?: string;
}

/** Where such events are kept. It is waited for, so that what was done is also written down. */
export type Audit = (event: AuditEvent) => Promise<void>;
