import { normaliseName } from './project-name.js';
import { normaliseVersion } from './project-version.js';

/** What the name of a distribution file says. */
export interface FileName {
  readonly kind: 'wheel' | 'sdist';
  /** Normalised. */
  readonly project: string;
  /** Normalised. */
  readonly version: string;
}

const WHEEL = /^([a-z0-9._]+)-([a-z0-9._!+]+)(?:-(\d[a-z0-9_]*))?-([a-z0-9_.]+)-([a-z0-9_.]+)-([a-z0-9_.]+)\.whl$/i;
const SDIST = /^([a-z0-9._-]+)-([a-z0-9._!+]+)\.tar\.gz$/i;
const LONGEST = 240;

/** What a file of this name is; undefined if it is neither a wheel nor a source distribution, or a path. */
export function parseFileName(name: string): FileName | undefined {
  if (name.length > LONGEST) return undefined;
  const wheel = WHEEL.exec(name);
  const [, givenProject = '', givenVersion = ''] = wheel ?? SDIST.exec(name) ?? [];
  const project = normaliseName(givenProject);
  const version = normaliseVersion(givenVersion);
  if (project === undefined || version === undefined) return undefined;
  return { kind: wheel ? 'wheel' : 'sdist', project, version };
}
