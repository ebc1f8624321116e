/** "2 saved views: a, b" as the only loss, or no loss when nothing is named. */
export function loss(noun: string, names: readonly string[]): string[] {
  return names.length === 0 ? [] : [`${names.length} ${noun}${names.length === 1 ? '' : 's'}: ${names.join(', ')}`];
}
