import { once } from 'node:events';
import { Doc, encode, type Value } from '../../bson/index.js';
import { bsonToJson } from '../../bson/write-json.js';
import { loadDataset } from '../../datasets/load.js';
import { ExitCode } from '../../errors.js';
import { iterateValues } from '../../values/values.js';
import { withDatabase } from './datasets.js';

/** `fiftyone datasets values NAME PATH`: relaxed Extended JSON, a line per sample. @returns the exit code */
export function print(name: string, path: string, { unwind }: { unwind?: boolean }): Promise<number> {
  return withDatabase(async (connection) => {
    const dataset = await loadDataset(connection, name);
    let lines: string[] = [];
    const flush = async () => {
      if (lines.length > 0 && !process.stdout.write(`${lines.join('\n')}\n`)) await once(process.stdout, 'drain');
      lines = [];
    };
    for await (const value of iterateValues(dataset, path, { raw: true, unwind: unwind === true })) {
      lines.push(textOf(value as Value));
      if (lines.length === 1000) await flush();
    }
    await flush();
    return ExitCode.done;
  });
}

function textOf(value: Value): string {
  const whole = bsonToJson(encode(Doc.of(['v', value]))).toString();
  return whole.slice('{"v": '.length, -1);
}
