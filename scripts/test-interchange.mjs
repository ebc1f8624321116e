// `npm run test:interchange [DATABASE...]`: datasets go out of a database and into another one, by the real client and by ours.
//
// For each recorded database: the real client (P) and ours (O) export every dataset of a copy of their own: the same files.
// Ours and the real client import P: the same documents. What ours has imported it exports again, and the real client imports
// that: the same documents once more, and it can read all of them. What was made during the run (ids, times) may differ.
import { spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { restoreRecorded, restoreSource, sourceNames } from './recorded.mjs';
import { makeReady, withoutSettings } from './workspace.mjs';

const CLIENT = '1.22.1';
const NOT_AVAILABLE = 3;

process.exitCode = await main(process.argv.slice(2));

async function main(asked) {
  const problem = makeReady();
  if (problem) {
    console.error(problem);
    return 1;
  }
  const { status } = spawnSync('tools/real/install.sh', [CLIENT], { stdio: 'inherit' });
  if (status === NOT_AVAILABLE) {
    console.log(`LEFT OUT: everything, as this machine lacks the Python that the real client ${CLIENT} needs`);
    return 0;
  }
  if (status !== 0) return 1;
  const folder = await mkdtemp(join(tmpdir(), 'fiftyone-interchange-'));
  const { openEmbedded } = await import('../packages/fiftyone/dist/database/embedded.js');
  const { readSettings } = await import('../packages/fiftyone/dist/settings.js');
  const settings = readSettings({ ...withoutSettings(process.env), FIFTYONE_DATABASE_DIR: join(folder, 'db') });
  const server = await openEmbedded(settings, (message) => console.log(message));
  let [equal, failed] = [0, 0];
  try {
    for (const name of asked.length > 0 ? asked : await allNames()) {
      const begun = performance.now();
      const problems = await tryDatabase(name, server, join(folder, name)).catch((error) => [error.stack]);
      const seconds = ((performance.now() - begun) / 1000).toFixed(1);
      console.log(`${problems.length === 0 ? 'equal  ' : 'DIFFERS'}  ${name} (${seconds} s)`);
      for (const line of problems.slice(0, 20)) console.log(`         ${line}`);
      if (problems.length > 0) failed++;
      else equal++;
    }
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
  console.log(`\n${equal} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

async function allNames() {
  const databases = await readdir('packages/fiftyone/test/fixtures/databases');
  const old = databases.filter((file) => file.endsWith('-main.tar.gz')).map((file) => file.slice(0, -'.tar.gz'.length));
  return [...(await sourceNames()), ...old.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))];
}

/** What differs, a line each. */
async function tryDatabase(name, server, folder) {
  const { MongoClient } = await import('mongodb');
  const client = await MongoClient.connect(server.uri);
  const databases = [];
  const open = async (role, fill) => {
    const db = client.db(`ic-${role}-${name}`.replaceAll('.', '_'));
    databases.push(db);
    await db.dropDatabase();
    await fill?.(db);
    return db;
  };
  const fill = name.endsWith('-main') ? (db) => restoreRecorded(db, name) : (db) => restoreSource(db, name);
  const since = Math.floor(Date.now() / 1000);
  const into = async (part) => {
    await mkdir(join(folder, part), { recursive: true });
    return join(folder, part);
  };
  try {
    const theirs = await open('theirs', fill);
    // the real client changes some dates when it loads a dataset, so ours exports what that has left; old datasets upgrades each by itself
    const ours = name.endsWith('-main') ? await open('ours', fill) : theirs;
    const [p, o, again] = [await into('p'), await into('o'), await into('again')];
    real(server, theirs, 'export_all.py', p);
    const listed = await exportAll(server, ours, o);
    const problems = await compareFiles(p, o, since, name.endsWith('-main'));
    const [b, c, d] = [await open('b'), await open('c'), await open('d')];
    for (const name of listed) fiftyone(server, b, ['datasets', 'import', join(p, name), '--name', name, '--persistent']);
    real(server, c, 'import_all.py', p);
    problems.push(...(await compareDatabases(c, b, since, 'imported by ours')));
    await exportAll(server, b, again);
    real(server, d, 'import_all.py', again);
    problems.push(...(await compareDatabases(c, d, since, 'exported again by ours')));
    const [readTheirs, readOurs] = [c, b].map((db) => attempt(server, db, 'load_all.py', '--deep').stdout);
    if (readTheirs !== readOurs) problems.push(`the real client reads ${readTheirs}\n         and of ours ${readOurs}`);
    return problems;
  } finally {
    for (const db of databases) await db.dropDatabase();
    await client.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** Exports every persistent dataset, to `dataset-000`, `dataset-001`, … in the order of their names. @returns these names of folders */
async function exportAll(server, db, folder) {
  const datasets = await db
    .collection('datasets')
    .find({ persistent: true, sample_collection_name: /^samples\./ })
    .toArray();
  const names = datasets.map(({ name }) => name).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  return names.map((name, n) => {
    fiftyone(server, db, ['datasets', 'export', name, join(folder, folderName(n)), '--export-media', 'false']);
    return folderName(n);
  });
}

function folderName(n) {
  return `dataset-${String(n).padStart(3, '0')}`;
}

function fiftyone(server, db, args) {
  const env = { PATH: process.env.PATH, HOME: '/nonexistent', FIFTYONE_DATABASE_URI: server.uri };
  const settings = { FIFTYONE_DATABASE_NAME: db.databaseName, FIFTYONE_DATABASE_ADMIN: 'true', FIFTYONE_EDITION: 'open-source' };
  const given = ['packages/fiftyone/bin/fiftyone.js', ...args];
  return checked('fiftyone', args, run(process.execPath, given, { env: { ...env, ...settings } }));
}

function real(server, db, script, ...args) {
  return checked(script, args, attempt(server, db, script, ...args));
}

/** Runs a script with the real client; it may fail. */
function attempt(server, db, script, ...args) {
  const { port } = new URL(server.uri);
  return run('tools/real/run.sh', [CLIENT, port, db.databaseName, `tools/real/${script}`, ...args]);
}

function run(command, args, options = {}) {
  const { error, ...result } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 28, ...options });
  if (error) throw error;
  return result;
}

/** What a process has printed. @throws Error if it has failed */
function checked(command, args, { status, stdout, stderr }) {
  if (status === 0) return stdout;
  throw new Error(
    `${command} ${args.join(' ')} ended with ${status}: ${`${stdout}\n${stderr}`.trim().split('\n').slice(-8).join('\n')}`,
  );
}

async function compareFiles(a, b, since, isOld) {
  const [left, right] = [await filesIn(a), await filesIn(b)];
  const problems = [];
  for (const file of new Set([...left, ...right])) {
    // the real client writes results of older releases anew, in the form that they have now
    if (isOld && /\/(?:annotations|brain|evaluations|runs)\//.test(file)) continue;
    if (!right.includes(file)) problems.push(`export: ours lacks ${file}`);
    else if (!left.includes(file)) problems.push(`export: only ours has ${file}`);
    else {
      const texts = await Promise.all([a, b].map((folder) => readFile(join(folder, file), 'utf8')));
      const [x, y] = texts.map((text) => withoutAdditions(neutral(text, since)));
      if (x !== y) problems.push(`export: ${file}: ${around(x, y)}`);
    }
  }
  return problems;
}

/** Text without what the real client adds to old datasets when it loads them: dates of fields, keys of results that are newer. */
function withoutAdditions(text) {
  return text
    .replace(/"created_at": ?(?:null|"NOW"|\{"\$date": ?"[^"]*"\})/g, '"created_at": ANY')
    .replace(/"custom_metrics": ?null,/g, '');
}

async function filesIn(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

/** Text without what was made since: dates, and ObjectIds, which begin with their date. */
function neutral(text, since) {
  const ids = new Map();
  const isNew = (hex) => Number.parseInt(hex.slice(0, 8), 16) >= since && Number.parseInt(hex.slice(0, 8), 16) < since + 86_400;
  return (
    text
      // the dataset that a generated view remembers; ours does not take it along, as it belongs to the one that was exported
      .replace(/(\[\\+"_state\\+", )\{(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}\]/g, '$1null]')
      .replace(/\{"\$date": ?"(20[^"]*)"\}/g, (whole, iso) => (Date.parse(iso) >= since * 1000 ? '"NOW"' : whole))
      .replace(/\{"\$date": ?\{"\$numberLong": ?"(\d+)"\}\}/g, (whole, ms) => (Number(ms) >= since * 1000 ? '"NOW"' : whole))
      .replace(/(?<![0-9a-f])[0-9a-f]{24}(?![0-9a-f])/g, (hex) => {
        if (!isNew(hex)) return hex;
        if (!ids.has(hex)) ids.set(hex, 'NEWID');
        return ids.get(hex);
      })
  );
}

function around(x, y) {
  let at = 0;
  while (at < x.length && x[at] === y[at]) at++;
  return `at ${at}: real …${x.slice(Math.max(0, at - 160), at + 200)}… ours …${y.slice(Math.max(0, at - 160), at + 200)}…`;
}

async function compareDatabases(a, b, since, what) {
  const [left, right] = [await contentOf(a, since), await contentOf(b, since)];
  const problems = [];
  for (const place of new Set([...left.keys(), ...right.keys()])) {
    const [x, y] = [left.get(place) ?? '', right.get(place) ?? ''];
    if (x !== y) problems.push(`${what}: ${place}: ${around(x, y)}`);
  }
  return problems;
}

/** Every collection as text under a name without new ids: its documents in order, and its indexes. */
async function contentOf(db, since) {
  const { decode, toEjson } = await import('../packages/fiftyone/dist/bson/index.js');
  const { findRaw } = await import('../packages/fiftyone/dist/database/raw.js');
  const slugOf = new Map();
  for await (const bytes of findRaw(db, 'datasets')) {
    const dataset = decode(bytes);
    slugOf.set(String(dataset.get('_id')), dataset.get('slug'));
  }
  const content = new Map();
  for (const { name } of await db.listCollections({}, { nameOnly: true }).toArray()) {
    if (name.startsWith('migrations.')) continue;
    // the real client writes results of older releases anew, with keys that it has since
    if (db.databaseName.endsWith('-main') && name.startsWith('fs.')) continue;
    const lines = [];
    for await (const bytes of findRaw(db, name)) lines.push(neutral(toEjson(decode(bytes)), since));
    // documents that point to datasets have new ids, so their order says nothing
    if (!/^(samples|frames)\./.test(name)) lines.sort();
    const indexes = await db.collection(name).listIndexes().toArray();
    const place = name.replace(/[0-9a-f]{24}/, (hex) => slugOf.get(hex) ?? 'NEWID');
    // the real client declares this attribute of old labels when it imports them
    content.set(place, lines.join('\n').replace(/\{"name":"mask_path"[^{}]*\},?/g, ''));
    content.set(`indexes of ${place}`, JSON.stringify(indexes.map(({ key, unique }) => [key, unique === true]).sort()));
  }
  return content;
}
