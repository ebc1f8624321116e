import { Doc, decode, toEjson, type Value } from '../../../fiftyone/src/bson/index.js';
import type { Snapshot } from '../../../fiftyone/test/support/snapshot.js';

/** The keys of what nobody may change by a byte, wherever they are. */
const SECRET = new Set(['hash', 'credentials', 'value', 'clientSecret', 'profile', 'jsHook', 'pypiToken', 'sessionToken', 'url']);

/** All secrets of a database, sorted: of which document, under which key, and each byte of them. */
export function secretsIn({ collections }: Snapshot): string[] {
  const found: string[] = [];
  const look = (value: Value, of: string): void => {
    if (Array.isArray(value)) for (const item of value) look(item, of);
    if (!(value instanceof Doc)) return;
    for (const [key, item] of value) {
      if (SECRET.has(key)) found.push(`${of} ${key} ${toEjson(item)}`);
      look(item, of);
    }
  };
  for (const [name, docs] of collections) {
    for (const bytes of docs) {
      const doc = decode(bytes);
      look(doc, `${name} ${toEjson(doc.get('_id') as Value)}`);
    }
  }
  return found.sort();
}
