// `npm run test:real [VERSION...]`: what our command makes of the recorded databases, opened by the real Python clients.
//
// 1.22.1: every `*-main` database is migrated up to 1.22.1. An older VERSION: every newer one is migrated down to it. Then the
// real client of that version loads everything. `all` stands for all versions. By default: the newest client, 1.0.2, and the
// next older one for which this machine has a Python. With the newest one our JSON texts are compared with those of its PyMongo.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jsonDifferences } from './json-texts.mjs';
import { restoreRecorded } from './recorded.mjs';
import { makeReady, withoutSettings } from './workspace.mjs';

const NEWEST = '1.22.1';
const OLD = ['1.0.2', '0.19.1', '0.18.0', '0.15.1', '0.14.3'];
/** Datasets with groups cannot be taken below this version, and our command says so. */
const FIRST_WITH_GROUPS = '0.17.0';
const NOT_AVAILABLE = 3;
const PARTLY_DONE = 3;

const totals = { passed: 0, failed: 0 };
const leftOut = [];
process.exitCode = await main(process.argv.slice(2));

async function main(args) {
  const unknown = args.filter((arg) => ![NEWEST, ...OLD, 'all'].includes(arg));
  if (unknown.length > 0) {
    console.error(`no such client: ${unknown.join(' ')}; there are: ${[NEWEST, ...OLD].join(' ')}, all`);
    return 2;
  }
  const problem = makeReady();
  if (problem) {
    console.error(problem);
    return 1;
  }
  const folder = await mkdtemp(join(tmpdir(), 'fiftyone-real-'));
  const { openEmbedded } = await import('../packages/fiftyone/dist/database/embedded.js');
  const { readSettings } = await import('../packages/fiftyone/dist/settings.js');
  const settings = readSettings({ ...withoutSettings(process.env), FIFTYONE_DATABASE_DIR: join(folder, 'db') });
  const server = await openEmbedded(settings, (message) => console.log(message));
  try {
    for (const version of clients(args)) await testClient(version, { uri: server.uri, port: new URL(server.uri).port });
  } finally {
    await server.close();
    await rm(folder, { recursive: true, force: true });
  }
  if (leftOut.length > 0) console.log(`\nLEFT OUT:\n${leftOut.map((line) => `  ${line}`).join('\n')}`);
  console.log(`\n${totals.passed} passed, ${totals.failed} failed`);
  return totals.failed > 0 || totals.passed === 0 ? 1 : 0;
}

/** The versions to test whose clients could be installed; a client that was asked for and is not to be had counts as failed. */
function* clients(args) {
  if (args.length > 0) {
    for (const version of args.includes('all') ? [NEWEST, ...OLD] : args)
      if (installed(version)) yield version;
      else totals.failed++;
    return;
  }
  for (const version of [NEWEST, OLD[0]]) {
    if (installed(version)) yield version;
    else totals.failed++;
  }
  const others = OLD.slice(1);
  const another = others.find(installed);
  if (another) yield another;
  const untried = another ? others.slice(others.indexOf(another) + 1) : [];
  if (untried.length > 0) leftOut.push(`clients ${untried.join(', ')}: npm run test:real all`);
}

function installed(version) {
  const { status } = run('tools/real/install.sh', [version], { stdio: 'inherit' });
  if (status === NOT_AVAILABLE) leftOut.push(`client ${version}: this machine lacks the Python that it needs`);
  else if (status !== 0) leftOut.push(`client ${version}: could not be installed`);
  return status === 0;
}

async function testClient(version, server) {
  const compare = (a, b) => a.localeCompare(b, 'en', { numeric: true });
  const names = readdirSync('packages/fiftyone/test/fixtures/databases')
    .flatMap((file) => (file.endsWith('-main.tar.gz') ? [file.slice(0, -'.tar.gz'.length)] : []))
    .sort(compare)
    .filter((name) => version === NEWEST || compare(name.replace('-main', ''), version) > 0);
  console.log(`\nreal client ${version}`);
  if (version === NEWEST) await compareJson(server);
  for (const name of names) {
    const begun = performance.now();
    const problems = await migrateAndLoad(name, version, server).catch((error) => [error.message]);
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    console.log(`${problems.length === 0 ? 'opens' : 'FAILS'}  ${name} at ${version}  (${seconds} s)`);
    for (const problem of problems) console.log(`         ${problem}`);
    totals[problems.length === 0 ? 'passed' : 'failed']++;
  }
}

/** Compares our JSON texts with PyMongo's, for other documents each time. */
async function compareJson(server) {
  const seed = String(Date.now());
  const { status, stdout, stderr } = run('tools/real/run.sh', [
    NEWEST,
    String(server.port),
    'json',
    'tools/real/json_texts.py',
    seed,
    '5000',
  ]);
  const differences = status === 0 ? await jsonDifferences(stdout) : tail(stderr);
  console.log(`${differences.length === 0 ? 'equal' : 'FAILS'}  JSON texts of PyMongo, seed ${seed}`);
  for (const difference of differences.slice(0, 5)) console.log(`         ${difference}`);
  totals[differences.length === 0 ? 'passed' : 'failed']++;
}

/** What went wrong, a line each. */
async function migrateAndLoad(name, version, server) {
  const { MongoClient } = await import('mongodb');
  const client = await MongoClient.connect(server.uri);
  const db = client.db(`real-${name}-${version}`.replaceAll('.', '_'));
  try {
    await restoreRecorded(db, name);
    const { problems, blocked } = migrate(version, server, db.databaseName);
    if (blocked.length > 0) {
      leftOut.push(`${name} at ${version}: ${blocked.map((dataset) => dataset.name).join(', ')}: ${blocked[0].reasons[0]}`);
    }
    if (problems.length > 0) return problems;
    // what other datasets were made of is not listed by every release, and what is not persistent may be gone when it starts
    const listed = await db.collection('datasets').countDocuments({ sample_collection_name: /^samples\./, persistent: true });
    return load(version, server, db.databaseName, blocked, listed - blocked.length);
  } finally {
    await db.dropDatabase();
    await client.close();
  }
}

/** Runs our command. `blocked` are datasets that it was right to refuse. */
function migrate(version, server, database) {
  const env = {
    PATH: process.env.PATH,
    HOME: '/nonexistent',
    FIFTYONE_DATABASE_URI: server.uri,
    FIFTYONE_DATABASE_NAME: database,
    FIFTYONE_DATABASE_ADMIN: 'true',
  };
  const args = ['packages/fiftyone/bin/fiftyone.js', 'migrate', '--all', '--yes', '--json', '-v', version];
  const { status, stdout, stderr } = run(process.execPath, args, { env });
  if (status !== 0 && status !== PARTLY_DONE)
    return { problems: [`fiftyone migrate: exit code ${status}`, ...tail(stderr)], blocked: [] };
  const failed = JSON.parse(stdout).datasets.filter((dataset) => dataset.result === 'failed');
  const blocked = failed.filter(
    (dataset) => isBelow(version, FIRST_WITH_GROUPS) && dataset.reasons.some((text) => /group/.test(text)),
  );
  const others = failed.filter((dataset) => !blocked.includes(dataset));
  const problems = others.map((dataset) => `${dataset.name} was not migrated: ${dataset.reasons.join('; ')}`);
  if (status === PARTLY_DONE && failed.length === 0)
    problems.push('fiftyone migrate: exit code 3, but the report names no failure');
  if (status === 0 && failed.length > 0) problems.push('fiftyone migrate: exit code 0, but the report names failures');
  return { problems, blocked };
}

/** Has the real client load everything but what is blocked, which must be at least so many datasets. */
function load(version, server, database, blocked, least) {
  const skip = blocked.flatMap((dataset) => ['--skip', dataset.name]);
  const deep = version === NEWEST ? ['--deep'] : [];
  const args = [version, String(server.port), database, 'tools/real/load_all.py', ...deep, ...skip];
  const { status, stdout, stderr } = run('tools/real/run.sh', args);
  const lines = stdout.split('\n');
  const failures = lines.filter((line) => line.startsWith('FAIL'));
  const loaded = lines.filter((line) => line.startsWith('ok')).length;
  if (failures.length > 0) return failures;
  if (status !== 0) return [`the real client ended with exit code ${status}`, ...tail(stderr || stdout)];
  return loaded < least ? [`the real client loaded ${loaded} datasets, expected ${least} or more`] : [];
}

function isBelow(a, b) {
  return a.localeCompare(b, 'en', { numeric: true }) < 0;
}

function tail(text) {
  return text.trim().split('\n').slice(-5);
}

function run(command, args, options = {}) {
  const { error, ...result } = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 2 ** 28, timeout: 1_800_000, ...options });
  if (error) throw error;
  return result;
}
