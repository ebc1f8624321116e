/**
 * Lets tasks run while what they need together is at most so much; the others wait in the order in which they came.
 * A task that needs more than there is runs alone.
 */
export function budget(most: number): <T>(need: number, task: () => Promise<T>) => Promise<T> {
  let left = most;
  const waiting: { readonly need: number; readonly go: () => void }[] = [];
  const admit = () => {
    for (let next = waiting[0]; next !== undefined && next.need <= left; next = waiting[0]) {
      waiting.shift();
      left -= next.need;
      next.go();
    }
  };
  return async (wanted, task) => {
    const need = Math.min(wanted, most);
    await new Promise<void>((go) => {
      waiting.push({ need, go });
      admit();
    });
    try {
      return await task();
    } finally {
      left += need;
      admit();
    }
  };
}
