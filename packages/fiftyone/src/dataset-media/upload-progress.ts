import { Pace } from '../datasets/pace.js';
import type { OnProgress } from '../datasets/progress.js';
import type { TransferProgress } from '../media/transfer/transfer-options.js';

const MEGABYTE = 1e6;

/** Tells people how far an upload is: files while it is planned, then megabytes, with files and speed. */
export function uploadProgress(onProgress: OnProgress | undefined): ((progress: TransferProgress) => void) | undefined {
  if (onProgress === undefined) return undefined;
  const pace = new Pace(onProgress, undefined);
  let begun: number | undefined;
  return ({ step, files, bytes, totalFiles, totalBytes, sentBytes }) => {
    if (step === 'plan') {
      const total = totalFiles === undefined ? {} : { total: totalFiles };
      pace.tell({ what: 'Looking at media', done: files, ...total, unit: 'files' });
      return;
    }
    begun ??= performance.now();
    const seconds = (performance.now() - begun) / 1000;
    const speed = seconds < 1 ? '' : `, ${(sentBytes / MEGABYTE / seconds).toFixed(1)} MB/s`;
    const of = totalFiles === undefined ? '' : ` of ${totalFiles.toLocaleString('en-US')}`;
    pace.tell({
      what: 'Uploading media',
      done: Math.round(bytes / MEGABYTE),
      ...(totalBytes === undefined ? {} : { total: Math.round(totalBytes / MEGABYTE) }),
      unit: 'MB',
      detail: `${files.toLocaleString('en-US')}${of} files${speed}`,
    });
  };
}
