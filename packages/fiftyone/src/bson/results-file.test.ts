import { fileURLToPath } from 'node:url';
import { list } from 'tar';
import { describe, expect, test } from 'vitest';
import { fromResultsFile, toResultsFile } from './python-json.js';

describe('files of run results have a flavour of their own', () => {
  // the right side was recorded from Python 3.11: json.dumps(…, separators=(",", ": "), ensure_ascii=False)
  test.each([
    ['{"a": [1, 2.0, -0.0, 1e+22], "b": {}}', '{"a": [1,2.0,-0.0,1e+22],"b": {}}'],
    ['{"a": "\\u00e9\\ud83d\\ude00\\u007f\\u2028"}', '{"a": "é😀\u007f\u2028"}'],
    ['{"a": "\\u0000\\u001f\\b\\f\\n\\r\\t\\"\\\\/"}', '{"a": "\\u0000\\u001f\\b\\f\\n\\r\\t\\"\\\\/"}'],
    ['{"\\u00e9": null}', '{"é": null}'],
    ['[{"$numberDouble": "NaN"}, {"$numberDouble": "-Infinity"}]', '[NaN,-Infinity]'],
    ['{"a": {"$oid": "5f5f5f5f5f5f5f5f5f5f5f5f"}}', '{"a": {"$oid": "5f5f5f5f5f5f5f5f5f5f5f5f"}}'],
    ['{"a": {"$numberLong": "5"}, "b": 123456789012345678901}', '{"a": {"$numberLong": "5"},"b": 123456789012345678901}'],
  ])('%s', (database, file) => {
    expect(toResultsFile(database)).toBe(file);
    expect(fromResultsFile(file)).toBe(database);
  });

  test('half a surrogate pair stays an escape, since it has no bytes', () => {
    expect(toResultsFile('{"a": "\\ud83d x"}')).toBe('{"a": "\\ud83d x"}');
  });

  test.each(['', '{"a": 1', '{"a": 01}', '{"a": NaN', '["\t"]'])('what is no JSON is refused: %s', (text) => {
    expect(() => toResultsFile(text)).toThrow(SyntaxError);
    expect(() => fromResultsFile(text)).toThrow(SyntaxError);
  });
});

test('the recorded files are what the source database held, and what an import stored', async () => {
  const archive = fileURLToPath(new URL('../../test/fixtures/exports/views_runs.tar.gz', import.meta.url));
  const files = await read(archive);
  const stored = (dump: string) => gridFsTexts(JSON.parse(files.get(`views_runs/${dump}`) as string));
  const [source, imported] = [stored('source.dump.json'), stored('copy.imported.dump.json')];
  const exported = [...files].filter(([path]) => /\/copy\/(?:annotations|brain|evaluations|runs)\/[^/]+\.json$/.test(path));
  expect(exported.length).toBe(5);
  for (const [path, text] of exported) {
    expect(source.map(toResultsFile), path).toContain(text);
    expect(imported, path).toContain(fromResultsFile(text));
  }
});

async function read(file: string): Promise<Map<string, string>> {
  const files: [string, Promise<Buffer>][] = [];
  await list({
    file,
    onReadEntry: (entry) => {
      if (entry.path.endsWith('.json')) files.push([entry.path, entry.concat() as Promise<Buffer>]);
    },
  });
  return new Map(await Promise.all(files.map(async ([path, data]) => [path, (await data).toString()] as [string, string])));
}

interface Chunk {
  readonly files_id: { readonly $oid: string };
  readonly n: { readonly $numberInt: string };
  readonly data: { readonly $binary: { readonly base64: string } };
}

function gridFsTexts(dump: { 'fs.chunks': { docs: Chunk[] } }): string[] {
  const chunks = dump['fs.chunks'].docs.toSorted((a, b) => Number(a.n.$numberInt) - Number(b.n.$numberInt));
  const ids = new Set(chunks.map((chunk) => chunk.files_id.$oid));
  const partsOf = (id: string) => chunks.filter((chunk) => chunk.files_id.$oid === id);
  return [...ids].map((id) =>
    Buffer.concat(partsOf(id).map(({ data }) => Buffer.from(data.$binary.base64, 'base64'))).toString(),
  );
}
