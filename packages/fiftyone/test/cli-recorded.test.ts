import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type Doc, parseEjsonDoc } from '../src/bson/index.js';
import { adminOf, fiftyone } from './support/command.js';
import { differences } from './support/differences.js';
import { freshDatabase } from './support/fresh-database.js';
import { snapshotOf } from './support/golden.js';
import { type Snapshot, snapshot } from './support/snapshot.js';

/** Where ours is not to do what the original did. */
interface Difference {
  readonly why: string;
  /** The exit code, where it is another one. */
  readonly code?: number;
  /** Whether the database stays as it was. */
  readonly unchanged?: true;
  /** What is not the same in the database afterwards, a line each. */
  readonly lines?: readonly string[];
  /** Whether the open source edition prints something else with `--info`. */
  readonly prints?: true;
}

const LOOKING = 'looking writes nothing: F1';
const FAILURE = 'a failure shows in the exit code: F2';
const INCOMPATIBLE = 'incompatible versions have an exit code of their own';

/** What the Enterprise edition does differently, by the number of the recorded run. */
const DIFFERENCES: Record<string, Difference> = {
  '02': { why: LOOKING, unchanged: true },
  '10': { why: LOOKING, unchanged: true },
  '14': { why: INCOMPATIBLE, code: 10 },
  '15': { why: LOOKING, unchanged: true },
  '17': { why: 'an admin may look at any database', code: 0 },
  '23': {
    why: 'b has no version but a slug, which no release before 0.6.2 wrote: F6',
    code: 3,
    lines: [
      ...['media_type', 'evaluations', 'brain_methods', 'classes', 'default_classes', 'mask_targets', 'default_mask_targets'],
      ...['annotation_runs', 'created_at', 'last_loaded_at', 'frame_collection_name', 'skeletons', 'default_skeleton'],
      ...['group_field', 'group_media_types', 'default_group_slice', 'app_config', 'description', 'saved_views', 'runs'],
      ...['last_modified_at', 'version', 'sample_fields', 'frame_fields'],
    ].map((key) => `datasets/000000000000000000000062 (b).${key}: `),
  },
  '25': { why: FAILURE, code: 1 },
  '26': { why: FAILURE, code: 1 },
  '28': { why: FAILURE, code: 1 },
  '29': {
    why: 'a dataset that cannot go down stays as it is: F5; a failure shows in the exit code: F2',
    code: 3,
    lines: [
      'datasets/000000000000000000000061 (a).frame_collection_name: missing',
      'datasets/000000000000000000000061 (a).slug: not expected',
    ],
  },
  '31': { why: INCOMPATIBLE, code: 10 },
  '32': { why: 'a version that is none is wrong usage', code: 2 },
  '34': {
    why: 'below 0.6.2 the original fails, here it is finished: F11; what release 0.5.0 fails to read is taken out: F19',
    lines: ['datasets/000000000000000000000061 (a).slug: missing'],
  },
  '35': { why: 'temporary datasets are not deleted as a side effect: F1', unchanged: true },
  '37': { why: `${LOOKING}; other keys of the config are kept`, unchanged: true },
  '38': { why: `${LOOKING}; other keys of the config are kept`, unchanged: true },
  '39': { why: LOOKING, unchanged: true, prints: true },
  '43': {
    why: 'a dataset that is renamed gets its version in the same run: F4',
    lines: ['datasets/0000000000000000000000c3 (A b-RENAMED-<TIMENAME>).version: expected "0.18.0", found "0.19.0"'],
  },
  '45': { why: FAILURE, code: 1 },
};

/** The open source edition upgrades the database on connecting as the original does: what remains different. */
const OPEN_SOURCE: Record<string, Difference | undefined> = {
  ...DIFFERENCES,
  '02': undefined,
  '10': undefined,
  '15': { why: 'only migrating datasets is worth a message', prints: true },
  '17': { why: INCOMPATIBLE, code: 10 },
  '38': {
    why: 'other keys of the config are kept',
    lines: ['config/0.extra: not expected', 'config/0: key order from position 0'],
  },
};

const folder = new URL('fixtures/revisions/cli/', import.meta.url);
const numbers = readdirSync(folder).map((file) => file.slice('cli-'.length, -'.json'.length));

interface Recorded {
  readonly args: readonly string[];
  readonly env: Record<string, string>;
  readonly notes: string;
  readonly exit_code: number;
  readonly stdout: string;
}

function read(number: string): { recorded: Recorded; before: Snapshot; after: Snapshot } {
  const text = readFileSync(new URL(`cli-${number}.json`, folder), 'utf8');
  const doc = parseEjsonDoc(text);
  return { recorded: JSON.parse(text), before: snapshotOf(doc.get('before') as Doc), after: snapshotOf(doc.get('after') as Doc) };
}

async function run(number: string, edition: string, difference: Difference | undefined) {
  const { recorded, before, after } = read(number);
  const database = await freshDatabase(before);
  const env = { ...adminOf(database), FIFTYONE_EDITION: edition, ...recorded.env };
  // the original never asks
  const result = await fiftyone(['migrate', '--yes', ...recorded.args], env);
  expect(result.code, result.stderr).toBe(difference?.code ?? recorded.exit_code);
  const found = await snapshot(database.db);
  if (difference?.unchanged) {
    expect(differences(before, found)).toEqual([]);
  } else {
    const lines = difference?.lines ?? [];
    expect(differences(after, found, { base: before })).toEqual(lines.map((line) => expect.stringContaining(line)));
  }
  return { recorded, result };
}

test('the recorded runs are all there, and those that differ have a reason', () => {
  expect(numbers.length).toBe(40);
  expect(Object.keys(DIFFERENCES).filter((number) => !numbers.includes(number))).toEqual([]);
});

describe('as a user of the Enterprise edition', () => {
  test.each(numbers)('recorded run %s gives the same database and exit code, or differs on purpose', async (number) => {
    await run(number, 'enterprise', DIFFERENCES[number]);
  });
});

describe('as a user of the open source edition', () => {
  const looking = numbers.filter((number) => read(number).recorded.args.includes('--info'));

  test.each(looking)('recorded run %s prints the same, or differs on purpose', async (number) => {
    const difference = OPEN_SOURCE[number];
    const { recorded, result } = await run(number, 'open-source', difference);
    if (!difference?.prints) expect(result.stdout).toBe(recorded.stdout);
  });
});
