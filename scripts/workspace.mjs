// What the scripts of `npm run` share: a clone that is ready to run, and steps that tell what they do.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

process.chdir(fileURLToPath(new URL('..', import.meta.url)));

/** Installs what is missing and builds. @returns the problem, if there is one */
export function makeReady() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) return `Node ${process.versions.node} is too old, 20.19 or later is needed`;
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  if (dependenciesAreMissing() && !step('install the dependencies', npm, ['ci', '--no-audit', '--no-fund'])) {
    return 'the dependencies could not be installed';
  }
  return step('build', process.execPath, [program('typescript', 'tsc'), '--build']) ? undefined : 'the build failed';
}

function dependenciesAreMissing() {
  const installed = 'node_modules/.package-lock.json';
  return !existsSync(installed) || statSync(installed).mtimeMs < statSync('package-lock.json').mtimeMs;
}

/** The script behind a command of an installed package. */
export function program(name, command = name) {
  const folder = join('node_modules', name);
  const { bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return join(folder, typeof bin === 'string' ? bin : bin[command]);
}

/** Runs a command that prints for itself. @returns whether it succeeded */
export function step(title, command, args, env = process.env) {
  const begun = performance.now();
  console.log(`\n> ${title}`);
  const { status, error } = spawnSync(command, args, { stdio: 'inherit', env });
  if (error) console.error(error.message);
  console.log(`  ${status === 0 ? 'done' : 'FAILED'} after ${seconds(begun)}`);
  return status === 0;
}

/** The time since a moment, for people. */
export function seconds(since) {
  return `${((performance.now() - since) / 1000).toFixed(1)} s`;
}

/** Which server the tests use, and as what. */
const FOR_TESTS = ['FIFTYONE_MONGOD', 'FIFTYONE_TEST_REPLICA_SET'];

/** The environment without the settings of a real database, which tests and demonstrations must not come near. */
export function withoutSettings(env) {
  const kept = Object.entries(env).filter(([name]) => FOR_TESTS.includes(name) || !/^(FIFTYONE|CAS)_/.test(name));
  return { ...Object.fromEntries(kept), FIFTYONE_CONFIG_PATH: resolve('no-such-config.json') };
}
