// `npm test`: everything that a change has to pass, on a fresh clone too. Arguments go to vitest: `npm test -- select`.
import { existsSync, mkdtempSync, readFileSync, rmSync, statfsSync } from 'node:fs';
import { freemem, tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeReady, program, seconds, step, withoutSettings } from './workspace.mjs';

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
  const folder = mkdtempSync(join(tmpdir(), 'fiftyone-test-'));
  const report = join(folder, 'report.json');
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`];
  const selected = filters.length > 0 ? [...filters, '--passWithNoTests'] : [];
  const args = [program('vitest'), 'run', '--project', project, ...reporters, ...selected];
  const succeeded = step(`run the ${project} tests`, process.execPath, args, withoutSettings(env));
  count(existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : undefined, succeeded);
  rmSync(folder, { recursive: true });
}

function count(report, succeeded) {
  let failed = 0;
  if (report) {
    const broken = report.testResults.filter((file) => file.status === 'failed' && file.assertionResults.length === 0).length;
    failed = report.numTotalTests - report.numPassedTests + broken;
    totals.passed += report.numPassedTests;
    if (report.numPendingTests > 0) console.error(`  ${report.numPendingTests} skipped tests count as failed`);
  }
  totals.failed += succeeded ? failed : Math.max(failed, 1);
}
