// `npm test`: everything that a change has to pass, on a fresh clone too. Arguments go to vitest: `npm test -- select`.
import { existsSync, mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeReady, program, seconds, step, withoutSettings } from './workspace.mjs';

/** A machine that others use can fail a few tests: those files run again, alone, and what passes only then is named. */
const FEW_FILES = 3;

const filters = process.argv.slice(2);
const started = performance.now();
const totals = { passed: 0, failed: 0 };

const problem = await main();
if (problem) {
  console.error(`\n${problem}`);
  totals.failed++;
}
console.log(`\nall in ${seconds(started)}\n${totals.passed} passed, ${totals.failed} failed`);
process.exitCode = totals.failed > 0 || totals.passed === 0 ? 1 : 0;

/** @returns what went wrong besides tests, if anything did */
async function main() {
  const unready = makeReady();
  if (unready) return unready;
  const node = process.execPath;
  const typed = step('check the types of the tests', node, [program('typescript', 'tsc'), '-p', 'tsconfig.tests.json']);
  const clean = step('check style and imports', node, [program('@biomejs/biome', 'biome'), 'check', '--error-on-warnings']);

  test('unit', process.env);
  try {
    test('server', { ...process.env, TMPDIR: folderForServers(), FIFTYONE_MONGOD: await mongod() });
  } catch (error) {
    return `the tests that need a server did not run: ${error.message}${error.hint ? `\n${error.hint}` : ''}`;
  }
  if (!typed) return 'the tests have wrong types';
  return clean ? undefined : 'style or imports are not in order';
}

/** The path of a mongod, as the SDK itself finds or fetches one. */
async function mongod() {
  console.log('\n> find a mongod');
  const { readSettings } = await import('../packages/fiftyone/dist/settings.js');
  const { findMongod } = await import('../packages/fiftyone/dist/database/mongod-binary.js');
  const settings = readSettings(withoutSettings(process.env));
  const { path, version } = await findMongod(settings, (message) => console.log(`  ${message}`));
  console.log(`  ${path} (${version})`);
  return path;
}

/** Memory where there is enough: tests make thousands of collections, each of which waits for the disk, four times as long. */
function folderForServers() {
  const memory = '/dev/shm';
  const enough = 4 * 2 ** 30;
  if (freemem() < 2 * enough || !existsSync(memory)) return tmpdir();
  const { bavail, bsize } = statfsSync(memory);
  return bavail * bsize < enough ? tmpdir() : memory;
}

function test(project, env) {
  const selected = filters.length > 0 ? [...filters, '--passWithNoTests'] : [];
  const first = run(`run the ${project} tests`, project, selected, env);
  const failed = (first.report?.testResults ?? []).filter(({ status }) => status === 'failed');
  if (first.succeeded || failed.length === 0 || failed.length > FEW_FILES) return count(first);
  const files = failed.map(({ name }) => name);
  const second = run(`run the ${project} tests that failed again, alone`, project, files, env);
  if (second.succeeded) {
    const unsteady = failed.flatMap(({ assertionResults }) => assertionResults.filter(({ status }) => status === 'failed'));
    for (const { fullName } of unsteady) console.error(`  UNSTEADY: failed at first, passed alone: ${fullName}`);
  }
  count({ succeeded: true, report: { testResults: first.report.testResults.filter((file) => !failed.includes(file)) } });
  count(second);
}

function run(title, project, files, env) {
  const folder = mkdtempSync(join(tmpdir(), 'fiftyone-test-'));
  const path = join(folder, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${path}`];
  const args = [program('vitest'), 'run', '--project', project, ...reporters, ...files];
  const succeeded = step(title, process.execPath, args, withoutSettings(env));
  const report = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
  rmSync(folder, { recursive: true });
  return { succeeded, report };
}

function count({ succeeded, report }) {
  const files = report?.testResults ?? [];
  const results = files.flatMap(({ assertionResults }) => assertionResults);
  const passed = results.filter(({ status }) => status === 'passed').length;
  const broken = files.filter(({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0).length;
  const skipped = results.filter(({ status }) => status !== 'passed' && status !== 'failed').length;
  if (skipped > 0) console.error(`  ${skipped} skipped tests count as failed`);
  const failed = results.length - passed + broken;
  totals.passed += passed;
  totals.failed += succeeded ? failed : Math.max(failed, 1);
}
