import { type ExecFileException, execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Outcome {
  readonly code: number;
  /** Both streams. */
  readonly output: string;
}

/** Runs a program to its end. */
export function run(program: string, args: readonly string[], options: { env?: NodeJS.ProcessEnv; cwd?: string } = {}) {
  const { env = bareEnv(), cwd } = options;
  return new Promise<Outcome>((resolve) => {
    const done = (error: ExecFileException | null, stdout: string, stderr: string) =>
      resolve({ code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, output: `${stdout}${stderr}` });
    execFile(program, args, { env, cwd, timeout: 110_000, maxBuffer: 2 ** 26 }, done);
  });
}

/** The environment without anything that says where packages come from. */
export function bareEnv(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(PIP_|UV_|TWINE_|npm_config_|NPM_CONFIG_|PYTHON)/.test(name));
  return {
    ...Object.fromEntries(kept),
    PIP_CONFIG_FILE: '/dev/null',
    PIP_NO_CACHE_DIR: '1',
    PIP_NO_INPUT: '1',
    PIP_DISABLE_PIP_VERSION_CHECK: '1',
    UV_NO_CONFIG: '1',
    UV_NO_CACHE: '1',
    TWINE_NON_INTERACTIVE: '1',
  };
}

/** A place with pip, uv and twine; what cannot be installed is said aloud. Whoever made it removes it. */
export async function pythonTools(...wanted: ('pip' | 'uv' | 'twine')[]) {
  const folder = await mkdtemp(join(tmpdir(), 'fiftyone-python-'));
  const bin = (name: string) => join(folder, process.platform === 'win32' ? 'Scripts' : 'bin', name);
  // tools come from where this machine has its packages, by its own configuration
  const { PIP_FIND_LINKS: _, ...ordinary } = process.env;
  const install = (...names: string[]) => run(bin('python'), ['-m', 'pip', 'install', '-q', ...names], { env: ordinary });
  const made = await run('python3', ['-m', 'venv', folder]);
  const has = { pip: made.code === 0, uv: false, twine: false };
  const atOnce = has.pip && wanted.length > 0 && (await install('--upgrade', ...wanted)).code === 0;
  for (const name of wanted) {
    const outcome = atOnce || !has.pip ? made : await install('--upgrade', name);
    has[name] = outcome.code === 0;
    if (!has[name])
      console.error(`LEFT OUT: the tests with ${name}, which cannot be installed here: ${outcome.output.slice(-300)}`);
  }
  return { has, bin, remove: () => rm(folder, { recursive: true, force: true }) };
}
