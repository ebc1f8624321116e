const ESCAPES: Record<string, string> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};

/** A string as Python writes it: ASCII only. */
export function quoted(text: string): string {
  const escaped = (unit: string) => ESCAPES[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return `"${text.replace(/["\\]|[^ -~]/g, escaped)}"`;
}

/** A string as Python writes it where it may be more than ASCII. */
export function rawQuoted(text: string): string {
  const escaped = (unit: string) => ESCAPES[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  // half a surrogate pair has no bytes
  return `"${text.replace(/["\\\u0000-\u001f]|\p{Surrogate}/gu, escaped)}"`;
}

/** How Python writes a number that was written as `token`, or undefined if that is the same. */
export function numberText(token: string): string | undefined {
  const text = /^-?\d+$/.test(token) ? (token === '-0' ? '0' : token) : doubleText(Number(token));
  return text === token ? undefined : text;
}

/** A double as Python's `json_util` writes it: the digits of `repr`, a wrapper for what is not finite. */
export function doubleText(value: number): string {
  if (!Number.isFinite(value)) return `{"$numberDouble": "${value}"}`;
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const size = Math.abs(value);
  if (size >= 1e-4 && size < 1e16) return Number.isInteger(value) ? `${value}.0` : String(value);
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
}
