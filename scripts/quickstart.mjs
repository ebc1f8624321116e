// `npm run quickstart`: a database of an old release is upgraded and taken back, on an embedded database in a temporary folder.
import { spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeReady, step, withoutSettings } from './workspace.mjs';

const recorded = '0.14.3-main';
const there = [
  ['versions', 'teams:0.6.7'],
  ['migrate', '--info'],
  ['migrate', '--all'],
  ['migrate', '--info'],
];
const back = [
  ['migrate', '--all', '-v', 'teams:0.6.7', '--yes'],
  ['migrate', '--info'],
];

const problem = makeReady() ?? (await show());
if (problem) console.error(`\n${problem}`);
process.exitCode = problem ? 1 : 0;

async function show() {
  const folder = await mkdtemp(join(tmpdir(), 'fiftyone-quickstart-'));
  const env = { ...withoutSettings(process.env), FIFTYONE_DATABASE_DIR: join(folder, 'db') };
  const fiftyone = (args) =>
    step(`fiftyone ${args.join(' ')}`, process.execPath, ['packages/fiftyone/bin/fiftyone.js', ...args], env);
  console.log(`\n> start an embedded database with the data of a FiftyOne ${recorded.split('-')[0]}`);
  let connection;
  try {
    const { restoreRecorded } = await import('./recorded.mjs');
    connection = await openEmbeddedDatabase(env);
    console.log(`  ${await restoreRecorded(connection.db, recorded)} documents`);
    const before = await contentOf(connection.db);
    for (const args of there) if (!fiftyone(args)) return `fiftyone ${args.join(' ')} failed`;
    const announced = lossesOfGoingBack(env);
    for (const args of back) if (!fiftyone(args)) return `fiftyone ${args.join(' ')} failed`;
    return compare(before, await contentOf(connection.db), announced);
  } finally {
    await connection?.close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function openEmbeddedDatabase(env) {
  const { openConnection } = await import('../packages/fiftyone/dist/database/connection.js');
  const { readSettings } = await import('../packages/fiftyone/dist/settings.js');
  return await openConnection(readSettings(env), (message) => console.log(`  ${message}`));
}

/** What the plan says is taken out on the way back, before it is. */
function lossesOfGoingBack(env) {
  const args = ['packages/fiftyone/bin/fiftyone.js', ...back[0], '--dry-run', '--json'];
  const { stdout } = spawnSync(process.execPath, args, { env, encoding: 'utf8' });
  return JSON.parse(stdout).datasets.flatMap(({ name, loses }) => loses.map((loss) => `${name}: ${loss}`));
}

/** Every document of the database, by collection and `_id`. */
async function contentOf(db) {
  const { findDocs } = await import('../packages/fiftyone/dist/database/raw.js');
  const { toEjson } = await import('../packages/fiftyone/dist/bson/index.js');
  const content = new Map();
  for (const { name } of await db.listCollections({}, { nameOnly: true }).toArray()) {
    if (name.startsWith('migrations.')) continue;
    for (const doc of await findDocs(db, name)) {
      content.set(`${name} ${toEjson(doc.get('_id'))}`, new Map([...doc].map(([key, value]) => [key, toEjson(value)])));
    }
  }
  return content;
}

/** Says what was kept and what was lost; returns what should not have been. */
function compare(before, after, announced) {
  console.log('\n> compare with the data of the beginning');
  const [same, added, changed, gone] = [[], [], new Map(), []];
  for (const [place, doc] of before) {
    const now = after.get(place);
    if (!now) gone.push(place);
    else {
      const keys = [...doc.keys()].filter((key) => now.get(key) !== doc.get(key));
      if (keys.length > 0) changed.set(place, keys);
      else (now.size === doc.size ? same : added).push(place);
    }
  }
  const news = new Set(added.flatMap((place) => [...after.get(place).keys()].filter((key) => !before.get(place).has(key))));
  console.log(`  ${before.size} documents; byte for byte the same: ${same.length}`);
  console.log(`  all values kept, and some added that the old release does not mind: ${added.length} (${[...news].join(', ')})`);
  const schemas = [...changed].filter(([place]) => place.startsWith('datasets '));
  const names = new Set(schemas.flatMap(([, keys]) => keys));
  console.log(
    `  dataset documents whose ${[...names].join(', ')} differ, as those fields are in the schema now: ${schemas.length}`,
  );
  const rewritten = gone.filter((place) => place.startsWith('fs.'));
  console.log(`  results of runs rewritten into new files: ${rewritten.length} documents in fs.files and fs.chunks`);
  console.log(
    `  taken out on the way back and kept in the attic, all announced by --dry-run: ${announced.length} kinds of settings, e.g.\n    ${announced[0]}`,
  );
  const bad = [
    ...gone.filter((place) => !rewritten.includes(place)),
    ...[...changed.keys()].filter((place) => !place.startsWith('datasets ')),
  ];
  return bad.length > 0 ? `not as it was: ${bad.join(', ')}` : undefined;
}
