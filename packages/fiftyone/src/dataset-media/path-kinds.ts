/** Whether a path does not depend on where somebody is: `/a`, `C:\a`, `s3://bucket/a`. */
export function isAbsolutePath(path: string): boolean {
  return /^(?:\/|[A-Za-z]:[\\/]|\\\\|[A-Za-z][A-Za-z0-9+.-]*:\/\/)/.test(path);
}

/** What comes before the key of a path that is not on this machine, up to the bucket or host: `s3://bucket`, `https://host`. */
export const REMOTE_ROOT = '^[A-Za-z][A-Za-z0-9+.-]+://[^/]*';

/** Whether an address names nothing: `s3:///a.png` has no bucket, `s3://bucket/` no file. */
export function isEmptyAddress(path: string): boolean {
  return /^[A-Za-z][A-Za-z0-9+.-]*:\/\//.test(path) && !/^[A-Za-z][A-Za-z0-9+.-]*:\/\/[^/]+\/./s.test(path);
}
