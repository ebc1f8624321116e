import { createHash } from 'node:crypto';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Uses a folder that is gone afterwards. */
export async function inFolder(use) {
  const folder = await mkdtemp(join(tmpdir(), 'fiftyone-bench-'));
  try {
    await use(join(folder, 'export'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const END = 2 ** 24;

/** Prints the size and the end of the samples: both clients must write the same. All of it would take as long as an export. */
export async function tell(exportDir) {
  const file = await open(join(exportDir, 'samples.json'));
  const { size } = await file.stat();
  const from = Math.max(0, size - END);
  const { buffer, bytesRead } = await file.read(Buffer.alloc(END), 0, END, from);
  await file.close();
  console.log(`${size} ${createHash('sha256').update(buffer.subarray(0, bytesRead)).digest('hex')}`);
}
