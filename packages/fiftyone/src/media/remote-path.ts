/** Whether a path is an address such as `s3://bucket/a.png`, and not a file of this machine. */
export function isRemotePath(path: string): boolean {
  return /^[a-z][a-z0-9+.-]+:\/\//i.test(path);
}

/** A folder without the slashes at its end. */
export function remoteFolder(path: string): string {
  return path.replace(/(?<=[^/:])\/+$/, '');
}

/** The path below a remote folder; undefined if it is not in it, or if no disk can have it there. */
export function pathBelowRemote(folder: string, path: string): string | undefined {
  const start = `${remoteFolder(folder)}/`;
  if (!path.startsWith(start)) return undefined;
  const inside = path.slice(start.length);
  return inside.split('/').some((name) => ['', '.', '..'].includes(name)) ? undefined : inside;
}

/** The path that a relative one has below a remote folder. One that leads out of the folder stays as it is written. */
export function joinRemote(folder: string, path: string): string {
  return `${remoteFolder(folder)}/${fromKey([], path) ?? path}`;
}

/** The key that a relative path means in the folder of another key; undefined if it leads out of the bucket. */
export function keyBeside(key: string, path: string): string | undefined {
  return fromKey(key.split('/').slice(0, -1), path);
}

function fromKey(folder: readonly string[], path: string): string | undefined {
  const names = [...folder];
  for (const name of path.split('/')) {
    if (name === '..' && names.length === 0) return undefined;
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  return names.join('/');
}
