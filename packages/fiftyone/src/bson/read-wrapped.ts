import { BRACE_END, POINT, QUOTE, SPACE } from './ascii.js';
import { readBase64 } from './base64.js';
import type { ByteSink } from './byte-sink.js';
import { readDateText } from './date-text.js';
import { HEX } from './hex.js';
import { putInt32, putInt64 } from './put-integer.js';
import { BsonType } from './scalar.js';

const OID = Buffer.from('{"$oid":');
const DATE = Buffer.from('{"$date":');
const BINARY = Buffer.from('{"$binary": {"base64": "');
const SUBTYPE = Buffer.from('", "subType": "');
const BINARY_END = Buffer.from('"}}');

/** The type of the object at a byte if it begins like an ObjectId, date or binary as Python writes them, else -1. */
export function wrappedType(text: Uint8Array, at: number): number {
  switch (text[at + 3]) {
    case 0x6f:
      return isAt(OID, text, at) ? BsonType.objectId : -1;
    case 0x64:
      return isAt(DATE, text, at) ? BsonType.date : -1;
    case 0x62:
      return isAt(BINARY, text, at) ? BsonType.binary : -1;
    default:
      return -1;
  }
}

/** Reads such a value, for which there must be room but for the data of a binary; returns where it ends, or -1 if it is another one after all. */
export function readWrapped(type: number, text: Uint8Array, at: number, end: number, sink: ByteSink): number {
  if (type === BsonType.objectId) return readObjectId(text, at + OID.length, sink);
  return type === BsonType.date ? readDate(text, at + DATE.length, sink) : readBinary(text, at + BINARY.length, end, sink);
}

function readObjectId(text: Uint8Array, from: number, sink: ByteSink): number {
  const at = text[from] === SPACE ? from + 1 : from;
  if (text[at] !== QUOTE || text[at + 25] !== QUOTE || text[at + 26] !== BRACE_END) return -1;
  const { buffer, size } = sink;
  for (let i = 0; i < 12; i++) {
    const high = HEX[text[at + 1 + 2 * i] as number] as number;
    const low = HEX[text[at + 2 + 2 * i] as number] as number;
    if ((high | low) > 15) return -1;
    buffer[size + i] = (high << 4) | low;
  }
  sink.size = size + 12;
  return at + 27;
}

function readDate(text: Uint8Array, from: number, sink: ByteSink): number {
  const at = text[from] === SPACE ? from + 1 : from;
  // 2024-02-29T12:34:56Z, or with three more digits
  const length = text[at + 20] === POINT ? 24 : 20;
  if (text[at] !== QUOTE || text[at + length + 1] !== QUOTE || text[at + length + 2] !== BRACE_END) return -1;
  const ms = readDateText(text, at + 1, length);
  if (Number.isNaN(ms)) return -1;
  putInt64(sink.buffer, sink.size, ms);
  sink.size += 8;
  return at + length + 3;
}

function readBinary(text: Uint8Array, at: number, end: number, sink: ByteSink): number {
  const close = text.indexOf(QUOTE, at);
  const digit = close + SUBTYPE.length;
  if (close < 0 || digit + 5 > end || !isAt(SUBTYPE, text, close) || !isAt(BINARY_END, text, digit + 2)) return -1;
  const subtype = ((HEX[text[digit] as number] as number) << 4) | (HEX[text[digit + 1] as number] as number);
  // the old subtype has its size twice
  if (subtype > 255 || subtype === 2) return -1;
  sink.room(close - at + 64);
  const { buffer, size } = sink;
  const length = readBase64(text, at, close, buffer, size + 5);
  if (length < 0) return -1;
  putInt32(buffer, size, length);
  buffer[size + 4] = subtype;
  sink.size = size + 5 + length;
  return digit + 2 + BINARY_END.length;
}

function isAt(word: Uint8Array, bytes: Uint8Array, at: number): boolean {
  for (let i = 0; i < word.length; i++) if (bytes[at + i] !== word[i]) return false;
  return true;
}
