import { ObjectId } from '../../src/bson/index.js';
import { derivedIds } from '../../src/migrations/derived-ids.js';
import type { StepContext } from '../../src/migrations/revision.js';

const NOW = { ms: Date.UTC(2024, 4, 6, 7, 8, 9, 123), micros: 456 };

/** What steps may know, the same each time. @param seed what new ids are derived from */
export function contextFor(seed: string): (warn: (message: string) => void) => StepContext {
  const none = { has: () => false };
  return (warn) => ({
    now: NOW,
    others: { names: none, slugs: none },
    newId: derivedIds(new ObjectId('0'.repeat(24)), seed),
    warn,
  });
}
