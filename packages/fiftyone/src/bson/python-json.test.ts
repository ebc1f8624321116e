import { describe, expect, test } from 'vitest';
import { rewritePythonJson } from './python-json.js';

// all results were recorded from Python 3.11: json_util.dumps(json_util.loads(text)), PyMongo 4.9

describe('text is written as Python writes it', () => {
  test.each([
    ['[1,2 ,\n3]', '[1, 2, 3]'],
    [' { "a" :1,"b":[ ] , "c":{ } } ', '{"a": 1, "b": [], "c": {}}'],
    ['[true,false,null]', '[true, false, null]'],
    ['{"b": 1, "10": 2, "9": 3, "__proto__": 4, "": 5}', '{"b": 1, "10": 2, "9": 3, "__proto__": 4, "": 5}'],
    ['{"dup":1,"x":2,"dup":3}', '{"dup": 3, "x": 2}'],
    ['{"a":{"a":1,"a":2},"\\u0061":1}', '{"a": 1}'],
    ['"x"', '"x"'],
    ['5', '5'],
  ])('%s', (text, expected) => expect(rewritePythonJson(text)).toBe(expected));
});

describe('strings are ASCII', () => {
  test.each([
    ['"é\\u00E9\\u20ac"', '"\\u00e9\\u00e9\\u20ac"'],
    ['"😀\\ud83d\\ude00\\ud83d x"', '"\\ud83d\\ude00\\ud83d\\ude00\\ud83d x"'],
    ['"\\u007f\\u0000\\u001f\\b\\f\\n\\r\\t\\"\\\\\\/"', '"\\u007f\\u0000\\u001f\\b\\f\\n\\r\\t\\"\\\\/"'],
    ['{"é\\/":"\\u0041"}', '{"\\u00e9/": "A"}'],
  ])('%s', (text, expected) => expect(rewritePythonJson(text)).toBe(expected));
});

describe('numbers keep being integers of any size or doubles', () => {
  test.each([
    ['12345678901234567890123', '12345678901234567890123'],
    ['-0', '0'],
    ['-0.0', '-0.0'],
    ['2.50', '2.5'],
    ['1e0', '1.0'],
    ['1E5', '100000.0'],
    ['1e15', '1000000000000000.0'],
    ['1e16', '1e+16'],
    ['1.5e300', '1.5e+300'],
    ['1e-4', '0.0001'],
    ['0.00001', '1e-05'],
    ['0.00001234', '1.234e-05'],
    ['1e-7', '1e-07'],
    ['5e-324', '5e-324'],
    ['1e-400', '0.0'],
    ['-1e-400', '-0.0'],
    ['123456789.123456789', '123456789.12345679'],
    ['0.30000000000000004', '0.30000000000000004'],
    ['NaN', '{"$numberDouble": "NaN"}'],
    ['-Infinity', '{"$numberDouble": "-Infinity"}'],
    ['1e400', '{"$numberDouble": "Infinity"}'],
  ])('%s', (text, expected) => expect(rewritePythonJson(text)).toBe(expected));
});

describe('Extended JSON becomes what json_util writes', () => {
  test.each([
    ['{"$oid":"5F5f5f5f5f5f5f5f5f5f5f5f"}', '{"$oid": "5f5f5f5f5f5f5f5f5f5f5f5f"}'],
    ['{"$date":1577934245678}', '{"$date": "2020-01-02T03:04:05.678Z"}'],
    ['{"$date":{"$numberLong":"-1"}}', '{"$date": {"$numberLong": "-1"}}'],
    ['{"$date":"2020-01-02T03:04:05.000Z"}', '{"$date": "2020-01-02T03:04:05Z"}'],
    ['{"$date":"2020-01-02T03:04:05.6789+01:30"}', '{"$date": "2020-01-02T01:34:05.678Z"}'],
    ['{"$date":"1969-12-31T23:59:59.999Z"}', '{"$date": {"$numberLong": "-1"}}'],
    ['{"$date":"0001-01-01T00:00:00Z"}', '{"$date": {"$numberLong": "-62135596800000"}}'],
    ['{"$numberLong":"5"}', '5'],
    ['{"$numberInt":"7"}', '7'],
    ['{"$numberDouble":"5"}', '5.0'],
    ['{"$numberDouble":"-Infinity"}', '{"$numberDouble": "-Infinity"}'],
    ['{"$numberDecimal":"1e3"}', '{"$numberDecimal": "1E+3"}'],
    ['{"$binary":"AAEC","$type":"ffffff80"}', '{"$binary": {"base64": "AAEC", "subType": "80"}}'],
    ['{"$binary":{"subType":"5","base64":"AAF="}}', '{"$binary": {"base64": "AAE=", "subType": "05"}}'],
    ['{"$uuid":"00112233-4455-6677-8899-AABBCCDDEEFF"}', '{"$binary": {"base64": "ABEiM0RVZneImaq7zN3u/w==", "subType": "04"}}'],
    ['{"$regex":"a","$options":"xiz"}', '{"$regularExpression": {"pattern": "a", "options": "ix"}}'],
    ['{"$regularExpression":{"options":"i","pattern":"é"}}', '{"$regularExpression": {"pattern": "\\u00e9", "options": "i"}}'],
    ['{"$regex":5,"$options":"i"}', '{"$regex": 5, "$options": "i"}'],
    ['[{"$undefined":true}]', '[null]'],
    ['{"$symbol":"s"}', '"s"'],
    ['{"$scope":{"a":1.50},"$code":"f()"}', '{"$code": "f()", "$scope": {"a": 1.5}}'],
    ['{"$timestamp":{"i":2,"t":1}}', '{"$timestamp": {"t": 1, "i": 2}}'],
    ['{"$minKey":1}', '{"$minKey": 1}'],
    ['{"$maxKey":1}', '{"$maxKey": 1}'],
    ['{"x":0,"$db":"d","$id":{"$numberLong":"1"},"$ref":"c"}', '{"$ref": "c", "$id": 1, "$db": "d", "x": 0}'],
    ['{"$ref":"c"}', '{"$ref": "c"}'],
    [
      '{"$dbPointer":{"$ref":"c","$id":{"$oid":"5f5f5f5f5f5f5f5f5f5f5f5f"}}}',
      '{"$ref": "c", "$id": {"$oid": "5f5f5f5f5f5f5f5f5f5f5f5f"}}',
    ],
    ['{"a":1,"$x":{"$numberLong":"5"}}', '{"a": 1, "$x": 5}'],
  ])('%s', (text, expected) => expect(rewritePythonJson(text)).toBe(expected));
});

describe('what Python refuses is refused', () => {
  test.each([
    '',
    'tru',
    '[1,]',
    '{"a":1,}',
    '{a:1}',
    '{"a" 1}',
    '[01]',
    '[1.]',
    '[.5]',
    '["\t"]',
    '["\\x"]',
    '["\\u12g4"]',
    '["a',
    '["a\\',
    '[1] x',
    '\ufeff[1]',
    '{"$oid":"xx"}',
    '{"a":1,"$oid":"5f5f5f5f5f5f5f5f5f5f5f5f"}',
    '{"dup":{"$oid":"zz"},"dup":3}',
    '{"$date":253402300800000}',
    '{"$date":"2020-02-30T03:04:05Z"}',
    '{"$date":"2020-01-02T24:00:00Z"}',
    '{"$date":"9999-12-31T23:59:59-01:00"}',
    '{"$numberInt":5}',
    '{"$numberLong":"1.5"}',
    '{"$numberDecimal":"1234567890123456789012345678901234567890"}',
    '{"$binary":{"base64":"AAE","subType":"00"}}',
    '{"$binary":{"base64":"AAEC","subType":"05","x":1}}',
    '{"$timestamp":{"t":1}}',
    '{"$minKey":2}',
    '{"$code":"f()","a":1}',
    '{"$dbPointer":{"$ref":"c","$id":1}}',
  ])('%s', (text) => expect(() => rewritePythonJson(text)).toThrow(SyntaxError));
});

describe('setting keys of the outermost object', () => {
  test.each([
    ['{"a":1,"cls":{"x":[1]},"b":2}', '{"a": 1, "cls": "new", "b": 2}'],
    ['{"a":1}', '{"a": 1, "cls": "new"}'],
    ['{ }', '{"cls": "new"}'],
    ['{"cls":1,"a":{"cls":2},"cls":3}', '{"cls": "new", "a": {"cls": 2}}'],
    ['{"$x":1,"a":2}', '{"$x": 1, "a": 2, "cls": "new"}'],
    ['{"cls": "new", "a": [1, 2.5]}', '{"cls": "new", "a": [1, 2.5]}'],
  ])('%s', (text, expected) => expect(rewritePythonJson(text, { cls: 'new' })).toBe(expected));

  test.each(['[1]', '"x"', 'null', '{"$numberLong":"5"}', '{"$undefined":true}', '{"$ref":"c","$id":1}'])(
    '%s has no keys to set',
    (text) => expect(() => rewritePythonJson(text, { cls: 'new' })).toThrow(SyntaxError),
  );
});

test('a long list of numbers stays the same where it is as Python writes it', () => {
  const numbers = Array.from({ length: 20_000 }, (_, i) => `${i}.${i % 10 || 5}`);
  const text = `{"a": [${numbers.join(', ')}]}`;
  expect(rewritePythonJson(text)).toBe(text);
  expect(rewritePythonJson(text.replaceAll(', ', ','))).toBe(text);
});
