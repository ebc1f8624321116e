// What of ours is measured by bench/upload.ts: upload-ours.mjs FOLDER s3://bucket/prefix
import { mediaFiles } from '../packages/fiftyone/dist/index.js';

const [folder, to] = process.argv.slice(2);
const media = mediaFiles();
const names = await media.listFiles(folder, { recursive: true });
await media.copyFiles(
  names.map((name) => `${folder}/${name}`),
  names.map((name) => `${to}/${name}`),
);
