const BLANKS = /[ \t\n\r]*/y;
const OTHER = /[^[\]{},":\s]+/y;

/** The path of what is at a character of a JSON document, for example `ground_truth.detections[3].label`. */
export function placeInJson(text: string, at: number): string {
  const path: (string | number)[] = [];
  let i = 0;
  let isKey = false;
  const skip = (pattern: RegExp) => {
    pattern.lastIndex = i;
    const found = pattern.exec(text)?.[0] ?? '';
    i += found.length;
    return found;
  };
  const skipString = () => {
    const start = i++;
    while (i < text.length && text[i] !== '"') i += text[i] === '\\' ? 2 : 1;
    return text.slice(start, ++i);
  };
  while (i <= at && i < text.length) {
    skip(BLANKS);
    if (i > at) break;
    const mark = text[i];
    if (mark === '{' || mark === '[') {
      path.push(mark === '{' ? '' : 0);
      isKey = mark === '{';
      i++;
    } else if (mark === '}' || mark === ']') {
      path.pop();
      i++;
    } else if (mark === ',') {
      const last = path.at(-1);
      if (typeof last === 'number') path[path.length - 1] = last + 1;
      isKey = typeof last === 'string';
      i++;
    } else if (mark === ':') {
      isKey = false;
      i++;
    } else {
      const token = mark === '"' ? skipString() : skip(OTHER);
      if (token === '') break;
      if (isKey) path[path.length - 1] = token.slice(1, -1);
    }
  }
  return path
    .map((part) => (typeof part === 'number' ? `[${part}]` : part === '' ? '' : `.${part}`))
    .join('')
    .replace(/^\./, '');
}
