// What of ours is measured by bench/upload.ts: what `uploadMedia` does with the files of a dataset. upload-ours.mjs FOLDER s3://bucket/prefix
import { mediaFiles } from '../packages/fiftyone/dist/index.js';
import { planTransfer } from '../packages/fiftyone/dist/media/transfer/plan-transfer.js';
import { sendTransfer } from '../packages/fiftyone/dist/media/transfer/send-transfer.js';

const [folder, to] = process.argv.slice(2);
const { open, listFiles } = mediaFiles();
const names = await listFiles(folder, { recursive: true });
async function* wanted() {
  for (let i = 0; i < names.length; i += 5000) {
    yield names.slice(i, i + 5000).map((name) => ({ from: `${folder}/${name}`, to: `${to}/${name}` }));
  }
}
const options = { memory: process.env.FIFTYONE_MEDIA_CACHE_DIR };
const plan = await planTransfer(open, wanted, options);
for await (const _ of sendTransfer(open, wanted, plan, options));
