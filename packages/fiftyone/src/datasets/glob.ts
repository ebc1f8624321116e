/** A filter for names that match a pattern: `*` any characters, `?` one, `[a-z]` one of these, `[!a-z]` none of these. */
export function globFilter(glob: string | undefined): { name?: RegExp } {
  return glob === undefined ? {} : { name: new RegExp(`^(?:${globSource(glob)})$`, 's') };
}

function globSource(glob: string): string {
  return glob.replace(/\*|\?|\[(!?)(\]?[^\]]*)\]|[\\^$.|+(){}[\]]/g, (token, not?: string, set?: string) => {
    if (token === '*') return '.*';
    if (token === '?') return '.';
    if (set === undefined || set === '') return `\\${token}`;
    return `[${not ? '^' : ''}${set.replace(/[\\\]^[]/g, '\\$&')}]`;
  });
}
