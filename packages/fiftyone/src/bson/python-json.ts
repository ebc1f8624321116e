import { type Json, JsonNumber, JsonObject, parseJson } from './json.js';
import { extendedText } from './python-extended-json.js';
import { doubleText, numberText, quoted, rawQuoted } from './python-json-text.js';

/**
 * JSON text as Python writes it again after reading it with `bson.json_util.loads` and `dumps`, with some keys of the outermost
 * object set to strings: in their place if they are there, else at the end.
 *
 * @throws SyntaxError for what Python refuses: text that is not JSON, a malformed Extended JSON value, no object to set keys of
 */
export function rewritePythonJson(text: string, set: Readonly<Record<string, string>> = {}): string {
  const changes = new Map(Object.entries(set).map(([key, value]) => [key, quoted(value)]));
  return new Rewriter(text, JSON_UTIL).whole(changes);
}

/**
 * What `bson.json_util.dumps` wrote as the files of run results have it: raw UTF-8, no blank after a comma, NaN and infinities
 * without a wrapper. Other Extended JSON values stay as they are.
 *
 * @throws SyntaxError for text that is not JSON
 */
export function toResultsFile(text: string): string {
  return new Rewriter(text, RESULTS_FILE).whole();
}

/** The other way round: what a file of run results holds as `bson.json_util.dumps` writes it. @throws SyntaxError */
export function fromResultsFile(text: string): string {
  return new Rewriter(text, PLAIN_JSON_UTIL).whole();
}

/** How a program of Python writes JSON. */
interface Flavour {
  /** What is between two items. */
  readonly separator: string;
  /** A string that is already as it has to be. */
  readonly done: RegExp;
  readonly quoted: (text: string) => string;
  /** The text of a number that was written as `token`. */
  readonly number: (token: string) => string;
  /** The text of an object that is more than a document; `textOf` gives that of a value. */
  readonly extended: (pairs: ReadonlyMap<string, Json>, textOf: (json: Json) => string) => string | undefined;
}

/** `json_util`, which read the text before. */
const JSON_UTIL: Flavour = {
  separator: ', ',
  done: /"[ !#-[\]-~]*"/y,
  quoted,
  number: (token) => numberText(token) ?? token,
  extended: extendedText,
};

/** `json_util`, after the text was read by a program that knows only JSON. */
const PLAIN_JSON_UTIL: Flavour = { ...JSON_UTIL, extended: () => undefined };

const RESULTS_FILE: Flavour = {
  separator: ',',
  done: /"[^"\\\u0000-\u001f]*"/y,
  quoted: rawQuoted,
  number: (token) => (/^-?\d+$|N|I/.test(token) ? token.replace(/^-0$/, '0') : finite(token)),
  extended: (pairs) => {
    const number = pairs.size === 1 ? pairs.get('$numberDouble') : undefined;
    return typeof number === 'string' && /^(?:NaN|-?Infinity)$/.test(number) ? number : undefined;
  },
};

/** `json.dumps` has words for what is not finite. */
function finite(token: string): string {
  const value = Number(token);
  return Number.isFinite(value) ? doubleText(value) : String(value);
}

const BRACE = 0x7b;
const BRACKET = 0x5b;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BLANKS = /[ \t\n\r]*/y;
const WORD = /true|false|null/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|NaN|-?Infinity/y;
const UNTIL_SPECIAL = /[^"\\]*/y;

/**
 * Results can be a hundred megabytes of numbers that are already as they have to be. So no tree is built: values tell how their
 * text changes, and what does not change is copied in long stretches. Only small parts that need more are parsed.
 */
class Rewriter {
  #at = 0;

  constructor(
    readonly text: string,
    readonly flavour: Flavour,
  ) {}

  whole(changes: ReadonlyMap<string, string> = new Map()): string {
    this.#blanks();
    const start = this.#at;
    const isObject = this.text.charCodeAt(start) === BRACE;
    if (changes.size > 0 && !isObject) throw this.#mistake('an object');
    const changed = isObject ? this.#object(changes) : this.#value();
    const end = this.#at;
    this.#blanks();
    if (this.#at < this.text.length) throw this.#mistake('the end');
    return changed ?? this.text.slice(start, end);
  }

  /** Steps over a value; its new text, or undefined if that is the old one. */
  #value(): string | undefined {
    switch (this.text.charCodeAt(this.#at)) {
      case BRACE:
        return this.#object();
      case BRACKET:
        return this.#array();
      case QUOTE:
        return this.#string();
      default:
        return this.#skip(WORD) ? undefined : this.#number();
    }
  }

  #array(): string | undefined {
    const copy = new Copy(this.text, this.#at);
    const end = this.#items(copy, ']', () => this.#item(copy));
    copy.replace(end, ++this.#at, ']');
    return copy.changed(this.#at);
  }

  #object(changes?: ReadonlyMap<string, string>): string | undefined {
    const start = this.#at;
    const copy = new Copy(this.text, start);
    const keys = new Set<string>();
    let isPlain = true;
    const end = this.#items(copy, '}', () => {
      const key = this.#key(copy);
      if (keys.has(key) || key.startsWith('$')) isPlain = false;
      keys.add(key);
      this.#item(copy, changes?.get(key));
    });
    this.#at++;
    if (!isPlain) return objectText(parseJson(this.text.slice(start, this.#at)) as JsonObject, this.flavour, changes);
    const { separator } = this.flavour;
    const missing = [...(changes ?? [])].filter(([key]) => !keys.has(key)).map((pair) => pairText(pair, this.flavour));
    copy.replace(end, this.#at, `${keys.size > 0 && missing.length > 0 ? separator : ''}${missing.join(separator)}}`);
    return copy.changed(this.#at);
  }

  /** Steps over what is between the brackets of an array or object; returns where its last item ends. */
  #items(copy: Copy, close: string, item: () => void): number {
    let end = ++this.#at;
    this.#blanks();
    if (this.text[this.#at] === close) return end;
    copy.replace(end, this.#at, '');
    for (;;) {
      item();
      end = this.#at;
      this.#blanks();
      const mark = this.text[this.#at];
      if (mark === close) return end;
      if (mark !== ',') throw this.#mistake(`"," or "${close}"`);
      this.#at++;
      this.#blanks();
      copy.replace(end, this.#at, this.flavour.separator);
    }
  }

  #key(copy: Copy): string {
    const start = this.#at;
    if (this.text.charCodeAt(start) !== QUOTE) throw this.#mistake('a key');
    const changed = this.#string();
    const end = this.#at;
    if (changed !== undefined) copy.replace(start, end, changed);
    this.#blanks();
    if (this.text[this.#at] !== ':') throw this.#mistake('":"');
    this.#at++;
    this.#blanks();
    copy.replace(end, this.#at, ': ');
    return changed === undefined ? this.text.slice(start + 1, end - 1) : (JSON.parse(changed) as string);
  }

  #item(copy: Copy, instead?: string): void {
    const start = this.#at;
    const changed = this.#value();
    const replacement = instead ?? changed;
    if (replacement !== undefined) copy.replace(start, this.#at, replacement);
  }

  #string(): string | undefined {
    if (this.#skip(this.flavour.done)) return undefined;
    const start = this.#at++;
    for (;;) {
      this.#skip(UNTIL_SPECIAL);
      const next = this.text.charCodeAt(this.#at++);
      if (next === QUOTE) return this.flavour.quoted(JSON.parse(this.text.slice(start, this.#at)) as string);
      if (next !== BACKSLASH) throw this.#mistake('the end of a string');
      this.#at++;
    }
  }

  #number(): string | undefined {
    const start = this.#at;
    if (!this.#skip(NUMBER)) throw this.#mistake('a value');
    const token = this.text.slice(start, this.#at);
    const text = this.flavour.number(token);
    return text === token ? undefined : text;
  }

  #blanks(): void {
    // most often there is none, or one
    if (this.text.charCodeAt(this.#at) <= 0x20) this.#skip(BLANKS);
  }

  #skip(pattern: RegExp): boolean {
    pattern.lastIndex = this.#at;
    const found = pattern.test(this.text);
    if (found) this.#at = pattern.lastIndex;
    return found;
  }

  #mistake(expected: string): SyntaxError {
    return new SyntaxError(`expected ${expected} at character ${this.#at} of the JSON text`);
  }
}

/** How many pieces are put together at once: many at a time is fast, all at the end would need the memory twice. */
const PIECES = 4096;

/** A stretch of text with some parts replaced. */
class Copy {
  #done = '';
  #pieces: string[] = [];
  #from: number;

  constructor(
    readonly text: string,
    readonly start: number,
  ) {
    this.#from = start;
  }

  replace(start: number, end: number, by: string): void {
    if (end - start === by.length && this.text.startsWith(by, start)) return;
    this.#pieces.push(this.text.slice(this.#from, start), by);
    this.#from = end;
    if (this.#pieces.length >= PIECES) this.#join();
  }

  /** The text up to `end`, or undefined if nothing was replaced. */
  changed(end: number): string | undefined {
    if (this.#from === this.start) return undefined;
    this.#pieces.push(this.text.slice(this.#from, end));
    this.#join();
    return this.#done;
  }

  #join(): void {
    this.#done += this.#pieces.join('');
    this.#pieces = [];
  }
}

function jsonText(json: Json, flavour: Flavour): string {
  if (json === null || typeof json === 'boolean') return String(json);
  if (typeof json === 'string') return flavour.quoted(json);
  if (json instanceof JsonNumber) return flavour.number(json.text);
  if (json instanceof JsonObject) return objectText(json, flavour);
  return `[${json.map((item) => jsonText(item, flavour)).join(flavour.separator)}]`;
}

function objectText(object: JsonObject, flavour: Flavour, changes: ReadonlyMap<string, string> = new Map()): string {
  const textOf = (json: Json) => jsonText(json, flavour);
  // as in Python a repeated key keeps its first place and its last value
  const pairs = new Map(object.entries.map(([key, value]) => [key, textOf(value)]));
  const extended = flavour.extended(new Map(object.entries), textOf);
  if (extended !== undefined && changes.size > 0) throw new SyntaxError('the JSON text is a single value, not an object');
  if (extended !== undefined) return extended;
  for (const [key, value] of changes) pairs.set(key, value);
  return `{${[...pairs].map((pair) => pairText(pair, flavour)).join(flavour.separator)}}`;
}

/** A key and the text of its value. */
function pairText([key, value]: [string, string], flavour: Flavour): string {
  return `${flavour.quoted(key)}: ${value}`;
}
