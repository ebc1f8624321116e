import { SettingsError } from 'fiftyone';
import { isNpmName } from './npm-package.js';
import { normaliseName } from './project-name.js';

/** What is done about a project that is not ours: fetch it and keep a copy, say where it is, or say no. */
export type Mode = 'proxy' | 'redirect' | 'refuse';

/** The mode of the projects whose normalised names fit; `*` stands for any letters. */
export interface Rule {
  readonly names: string;
  readonly mode: Mode;
}

/** Another index, which answers for the projects that are not ours. */
export interface UpstreamSettings {
  /** Of its list of projects, with a slash at the end. May have a login, which goes nowhere else. */
  readonly url: URL;
  /** Where its files may be besides its own host, as `host` or `host:port`. Nothing is fetched from anywhere else. */
  readonly fileHosts: readonly string[];
  /** The first that fits counts; what fits none is refused. */
  readonly rules: readonly Rule[];
  /** For how long a page is given out without asking again. */
  readonly pageAgeSeconds: number;
  /** For how long to wait for an answer, and for each further piece of it. */
  readonly timeoutSeconds: number;
  /** In bytes, unpacked. */
  readonly largestPage: number;
  /** In bytes. */
  readonly largestFile: number;
}

/** What an admin chose for the index, checked; made by {@link readIndexSettings}. */
export interface IndexSettings {
  /** What comes before all paths of the index: empty, or `/pypi`. */
  readonly base: string;
  /** Projects that are ours from the start, whether there are files of them or not. */
  readonly ownNames: readonly string[];
  /** Packages for npm that are ours. */
  readonly ownNpmNames: readonly string[];
  /** How clients reach the index, without a slash at the end. Undefined: as the request says */
  readonly publicUrl: string | undefined;
  /** How many bad tokens an address may send in a minute. */
  readonly badAttempts: number;
  /** The largest upload, in bytes. */
  readonly largestFile: number;
  /** Undefined if there is none: then only our own projects are here. */
  readonly upstream: UpstreamSettings | undefined;
  /** The registry of npm that answers for packages that are not ours. */
  readonly npmUpstream: UpstreamSettings | undefined;
}

type Env = Readonly<Record<string, string | undefined>>;

const MODES: readonly string[] = ['proxy', 'redirect', 'refuse'] satisfies Mode[];
const GIB = 2 ** 30;

/**
 * Settings from variables; empty ones count as none.
 *
 * - `FIFTYONE_INDEX_BASE`: what comes before all paths. Default: nothing
 * - `FIFTYONE_INDEX_NAMES`: our projects. Default: `fiftyone, fiftyone-migrator`
 * - `FIFTYONE_INDEX_NPM_NAMES`: our packages for npm. Default: `fiftyone, fiftyone-migrator`
 * - `FIFTYONE_INDEX_URL`: how clients reach the index, such as `https://pypi.example.com`. Default: as they ask
 * - `FIFTYONE_INDEX_UPSTREAM`: the index for all others, or `none`. Default: `PIP_INDEX_URL`, which pip itself reads, or none
 * - `FIFTYONE_INDEX_FILE_HOSTS`: where its files may be besides. Default: nowhere
 * - `FIFTYONE_INDEX_RULES`: the modes, such as `torch*=redirect, evil=refuse, *=proxy`. Default: `*=proxy`
 * - `FIFTYONE_INDEX_NPM_UPSTREAM`, `FIFTYONE_INDEX_NPM_FILE_HOSTS`, `FIFTYONE_INDEX_NPM_RULES`: the same for npm, whose
 *   variable is `npm_config_registry`
 * - `FIFTYONE_INDEX_PAGE_AGE_SECONDS`: how long a page of another index is good. Default: 600
 * - `FIFTYONE_INDEX_TIMEOUT_SECONDS`: how long to wait for another index. Default: 20
 * - `FIFTYONE_INDEX_LARGEST_UPLOAD`: in bytes. Default: 4 GiB
 * - `FIFTYONE_INDEX_BAD_TOKENS`: how many bad tokens an address may send in a minute. Default: 30
 *
 * @throws SettingsError with all mistakes
 */
export function readIndexSettings(env: Env): IndexSettings {
  const mistakes: string[] = [];

  const number = (key: string, otherwise: number): number => {
    const text = env[key] || String(otherwise);
    if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
    mistakes.push(`${key} must be a whole number from 1 on, not '${text}'`);
    return otherwise;
  };

  const upstream = (kind: string, otherwise: string | undefined): UpstreamSettings | undefined => {
    const key = `FIFTYONE_INDEX_${kind}UPSTREAM`;
    const given = env[key] || otherwise || 'none';
    if (given === 'none') return undefined;
    const rules = list(env[`FIFTYONE_INDEX_${kind}RULES`] || '*=proxy').flatMap((text): Rule[] => {
      const [, names = '', mode = ''] = /^([a-z0-9*@/._-]+)\s*=\s*([a-z]+)$/i.exec(text) ?? [];
      if (MODES.includes(mode)) return [{ names: names.toLowerCase(), mode: mode as Mode }];
      mistakes.push(`FIFTYONE_INDEX_${kind}RULES has '${text}', which must be a name with =${MODES.join(', =')}`);
      return [];
    });
    const url = URL.canParse(given) ? new URL(given) : undefined;
    if (url === undefined || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
      // it is not shown: it may have a login
      mistakes.push(`${key} must be an address of http or https, or none`);
      return undefined;
    }
    if (!url.pathname.endsWith('/')) url.pathname += '/';
    return {
      url,
      fileHosts: list(env[`FIFTYONE_INDEX_${kind}FILE_HOSTS`] ?? '').map((host) => host.toLowerCase()),
      rules,
      pageAgeSeconds: number('FIFTYONE_INDEX_PAGE_AGE_SECONDS', 600),
      timeoutSeconds: number('FIFTYONE_INDEX_TIMEOUT_SECONDS', 20),
      largestPage: 128 * 2 ** 20,
      largestFile: 8 * GIB,
    };
  };

  const base = (env.FIFTYONE_INDEX_BASE ?? '').replace(/\/+$/, '');
  if (!/^(\/[a-z0-9_-]+)*$/i.test(base)) mistakes.push(`FIFTYONE_INDEX_BASE must be a path such as /pypi, not '${base}'`);
  const ownNames = list(env.FIFTYONE_INDEX_NAMES || 'fiftyone, fiftyone-migrator').map((name) => {
    const project = normaliseName(name);
    if (project === undefined) mistakes.push(`FIFTYONE_INDEX_NAMES has '${name}', which is no name of a project`);
    return project ?? '';
  });
  const ownNpmNames = list(env.FIFTYONE_INDEX_NPM_NAMES || 'fiftyone, fiftyone-migrator').map((name) => name.toLowerCase());
  for (const name of ownNpmNames.filter((name) => !isNpmName(name))) {
    mistakes.push(`FIFTYONE_INDEX_NPM_NAMES has '${name}', which is no name of a package`);
  }
  const publicUrl = env.FIFTYONE_INDEX_URL ? originOf(env.FIFTYONE_INDEX_URL) : undefined;
  if (env.FIFTYONE_INDEX_URL && publicUrl === undefined) {
    mistakes.push('FIFTYONE_INDEX_URL must be an address of http or https without a path');
  }
  const settings = {
    base,
    ownNames,
    ownNpmNames,
    publicUrl,
    badAttempts: number('FIFTYONE_INDEX_BAD_TOKENS', 30),
    largestFile: number('FIFTYONE_INDEX_LARGEST_UPLOAD', 4 * GIB),
    upstream: upstream('', env.PIP_INDEX_URL),
    npmUpstream: upstream('NPM_', env.npm_config_registry),
  };
  if (mistakes.length > 0) throw new SettingsError(mistakes);
  return settings;
}

/** The mode of a project that is not ours. */
export function modeOf(rules: readonly Rule[], name: string): Mode {
  return rules.find(({ names }) => fits(names, name))?.mode ?? 'refuse';
}

function fits(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((text) => text.replace(/[.\\^$+?()[\]{}|/]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(name);
}

function list(text: string): string[] {
  return text
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}

function originOf(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url && /^https?:$/.test(url.protocol) && url.pathname === '/' && url.username === '' ? url.origin : undefined;
}
