import { normaliseName } from './project-name.js';
import { normaliseVersion } from './project-version.js';

/** What the metadata of a distribution says that an index needs. */
export interface CoreMetadata {
  /** Normalised. */
  readonly project: string;
  /** Normalised. */
  readonly version: string;
  readonly requiresPython: string | undefined;
}

/** Reads METADATA or PKG-INFO: headers as in mails, up to the first empty line. Undefined without a good name and version. */
export function parseCoreMetadata(text: string): CoreMetadata | undefined {
  const headers = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    if (line === '') break;
    const [, key = '', value = ''] = /^([A-Za-z-]+):[ \t]*(.*?)[ \t]*$/.exec(line) ?? [];
    // what two readers could understand in two ways is not for an index
    if (['Name', 'Version', 'Requires-Python'].includes(key) && headers.has(key)) return undefined;
    headers.set(key, value);
  }
  const project = normaliseName(headers.get('Name') ?? '');
  const version = normaliseVersion(headers.get('Version') ?? '');
  if (project === undefined || version === undefined) return undefined;
  return { project, version, requiresPython: headers.get('Requires-Python') || undefined };
}
