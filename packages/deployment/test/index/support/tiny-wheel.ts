import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';

export interface TinyWheel {
  readonly name: string;
  readonly version: string;
  /** Default: nothing */
  readonly requires?: readonly string[];
  readonly requiresPython?: string;
  /** The code of its only module. Default: its version */
  readonly code?: string;
  /** What stands in for its METADATA. */
  readonly metadata?: string;
  /** Further files, or others of the same name. */
  readonly extra?: Readonly<Record<string, string | Buffer>>;
}

/** A wheel that pip installs: one module of the same name. */
export async function tinyWheel({ name, version, requires = [], requiresPython, code, metadata, extra = {} }: TinyWheel) {
  const module = name.replace(/[-.]+/g, '_');
  const info = `${module}-${version}.dist-info`;
  const headers = [
    ...['Metadata-Version: 2.1', `Name: ${name}`, `Version: ${version}`],
    ...(requiresPython === undefined ? [] : [`Requires-Python: ${requiresPython}`]),
    ...requires.map((one) => `Requires-Dist: ${one}`),
  ];
  const files: Record<string, string | Buffer> = {
    [`${module}.py`]: code ?? `version = ${JSON.stringify(version)}\n`,
    [`${info}/METADATA`]: metadata ?? `${headers.join('\n')}\n\nA tiny wheel.\n`,
    [`${info}/WHEEL`]: 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
    ...extra,
  };
  const record = Object.entries(files).map(([path, content]) => {
    const hash = createHash('sha256').update(content).digest('base64url');
    return `${path},sha256=${hash},${Buffer.byteLength(content)}\n`;
  });
  const bytes = await zipped({ ...files, [`${info}/RECORD`]: `${record.join('')}${info}/RECORD,,\n` });
  return { fileName: `${module}-${version}-py3-none-any.whl`, bytes };
}

/** The content of a file, and its mode if it is no plain one. */
type Content = string | Buffer | { readonly content: string; readonly mode: number };

/** A zip archive of these files, always the same bytes. */
export async function zipped(files: Readonly<Record<string, Content>>): Promise<Buffer> {
  const zip = new ZipFile();
  const mtime = new Date('2020-01-01T00:00:00Z');
  for (const [path, given] of Object.entries(files)) {
    const isPlain = typeof given === 'string' || Buffer.isBuffer(given);
    const { content, mode } = isPlain ? { content: given, mode: 0o100644 } : given;
    zip.addBuffer(Buffer.from(content as Buffer), path, { mtime, mode });
  }
  zip.end();
  return await buffer(zip.outputStream);
}

/** Writes a wheel into a folder. @returns its path */
export async function wheelFile(folder: string, wheel: TinyWheel): Promise<string> {
  const { fileName, bytes } = await tinyWheel(wheel);
  const path = join(folder, fileName);
  await writeFile(path, bytes);
  return path;
}
