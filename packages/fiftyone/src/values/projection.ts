/** What the server is to send: a path makes what is below it superfluous. */
export function projectionOf(paths: readonly string[], withIds: boolean): Record<string, number> {
  const wanted = paths.filter((path) => path !== '_id' && !path.startsWith('_id.'));
  const least = wanted.filter((path) => !wanted.some((other) => path.startsWith(`${other}.`)));
  const isWithId = withIds || wanted.length < paths.length;
  return { _id: least.length === 0 || isWithId ? 1 : 0, ...Object.fromEntries(least.map((path) => [path, 1])) };
}
