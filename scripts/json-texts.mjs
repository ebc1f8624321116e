// Compares our JSON texts with what tools/real/json_texts.py printed.

/** Where we differ from PyMongo, a line each. */
export async function jsonDifferences(lines) {
  const { bsonToJson } = await import('../packages/fiftyone/dist/bson/write-json.js');
  const { jsonToBson } = await import('../packages/fiftyone/dist/bson/read-json.js');
  const made = {
    dumps: (hex) => bsonToJson(Buffer.from(hex, 'hex')).toString(),
    loads: (quoted) => jsonToBson(Buffer.from(`{"v": ${JSON.parse(quoted)}}`)).toString('hex'),
  };
  return lines
    .replace(/\n$/, '')
    .split('\n')
    .map((line) => line.split('\t'))
    .filter(([kind, given, expected]) => orRefused(() => made[kind](given)) !== expected)
    .map(([kind, given]) => `${kind} ${given}`);
}

/** What is refused is the empty text, as in the lines of PyMongo. */
function orRefused(make) {
  try {
    return make();
  } catch (error) {
    if (error.name === 'UnreadableError' || error.name === 'UnwritableError') return '';
    throw error;
  }
}
