/** A JSON value that keeps what `JSON.parse` loses: the order of keys, repeated keys, and how a number was written. */
export type Json = null | boolean | string | JsonNumber | JsonObject | Json[];

/** A number as it was written; also `NaN`, `Infinity` and `-Infinity`, which Python writes. */
export class JsonNumber {
  constructor(readonly text: string) {}
}

/** The pairs of a JSON object in the order in which they were written. */
export class JsonObject {
  constructor(readonly entries: [string, Json][]) {}
}

const NUMBER = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?|NaN|-?Infinity/y;
const BLANK = /[ \t\n\r]*/y;
const PLAIN = /[^"\\\u0000-\u001f]*/y;
const ESCAPES: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\', '/': '/' };

/** Parses JSON text. @throws SyntaxError with the position of the mistake */
export function parseJson(text: string): Json {
  const parser = new Parser(text);
  const value = parser.value();
  parser.blank();
  if (parser.at < text.length) throw parser.mistake('the end');
  return value;
}

class Parser {
  at = 0;

  constructor(readonly text: string) {}

  mistake(expected: string): SyntaxError {
    return new SyntaxError(`expected ${expected} at character ${this.at} of the JSON text`);
  }

  blank(): void {
    BLANK.lastIndex = this.at;
    BLANK.exec(this.text);
    this.at = BLANK.lastIndex;
  }

  value(): Json {
    this.blank();
    const first = this.text[this.at];
    if (first === '{') return this.#object();
    if (first === '[') return this.#array();
    if (first === '"') return this.#string();
    for (const [word, value] of [
      ['true', true],
      ['false', false],
      ['null', null],
    ] as const) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return value;
      }
    }
    NUMBER.lastIndex = this.at;
    const number = NUMBER.exec(this.text);
    if (!number) throw this.mistake('a value');
    this.at = NUMBER.lastIndex;
    return new JsonNumber(number[0]);
  }

  #object(): JsonObject {
    const entries: [string, Json][] = [];
    this.#list('}', () => {
      if (this.text[this.at] !== '"') throw this.mistake('a key');
      const key = this.#string();
      this.blank();
      if (this.text[this.at++] !== ':') throw this.mistake('":"');
      entries.push([key, this.value()]);
    });
    return new JsonObject(entries);
  }

  #array(): Json[] {
    const items: Json[] = [];
    this.#list(']', () => items.push(this.value()));
    return items;
  }

  #list(close: string, item: () => void): void {
    this.at++;
    this.blank();
    if (this.text[this.at] === close) {
      this.at++;
      return;
    }
    for (;;) {
      this.blank();
      item();
      this.blank();
      const next = this.text[this.at++];
      if (next === close) return;
      if (next !== ',') {
        this.at--;
        throw this.mistake(`"," or "${close}"`);
      }
    }
  }

  #string(): string {
    let result = '';
    this.at++;
    for (;;) {
      PLAIN.lastIndex = this.at;
      result += (PLAIN.exec(this.text) as RegExpExecArray)[0];
      this.at = PLAIN.lastIndex;
      const next = this.text[this.at];
      if (next === '"') {
        this.at++;
        return result;
      }
      if (next !== '\\') throw this.mistake('the end of a string');
      const letter = this.text[this.at + 1] ?? '';
      if (letter === 'u') {
        const code = this.text.slice(this.at + 2, this.at + 6);
        if (!/^[0-9a-fA-F]{4}$/.test(code)) throw this.mistake('four hexadecimal digits');
        result += String.fromCharCode(Number.parseInt(code, 16));
        this.at += 6;
      } else {
        if (!Object.hasOwn(ESCAPES, letter)) throw this.mistake('an escape');
        result += ESCAPES[letter];
        this.at += 2;
      }
    }
  }
}
