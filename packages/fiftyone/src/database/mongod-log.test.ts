import { expect, test } from 'vitest';
import { isInUse, portIn, startError } from './mongod-log.js';

const mongod = { path: '/usr/bin/mongod', version: '6.0.5' };

function errorFor(log: string, code: number | null = 14, signal: string | null = null) {
  return startError('/data', mongod, { code, signal, log });
}

/** As MongoDB 6.0.5 logs it. */
function wiredTigerError(message: string): string {
  return `{"t":{"$date":"2026-11-21T13:51:48.609+00:00"},"s":"E",  "c":"WT", "id":22435, "ctx":"initandlisten","msg":"WiredTiger error message","attr":{"error":13,"message":{"ts_sec":1,"msg":${JSON.stringify(message)},"error_str":"Permission denied","error_code":13}}}\n`;
}

test('the port is known when the server waits for connections, not before', () => {
  const line = '{"s":"I","id":23016,"ctx":"listener","msg":"Waiting for connections","attr":{"port":34673,"ssl":"off"}}\n';
  expect(portIn('{"s":"I","msg":"Listening on","attr":{"address":"127.0.0.1"}}\n')).toBeUndefined();
  expect(portIn(line)).toBe(34673);
});

test('a folder that is open in another server is told from all other failures', () => {
  expect(isInUse({ code: 100, signal: null, log: '"error":"DBPathInUse: Unable to lock the lock file"' })).toBe(true);
  expect(isInUse({ code: 14, signal: null, log: wiredTigerError('Permission denied') })).toBe(false);
});

test('a folder of another version of MongoDB is named with what the server says of it', () => {
  const log = wiredTigerError('file:WiredTiger.wt is an unsupported WiredTiger source file version 12.1').repeat(3);
  const { message, hint } = errorFor(log);
  expect(message).toBe(
    'the embedded database in /data cannot be opened: it was written by a version of MongoDB that 6.0.5 (/usr/bin/mongod) does not go with\n' +
      '  - WiredTiger error message: file:WiredTiger.wt is an unsupported WiredTiger source file version 12.1',
  );
  expect(hint).toContain('FIFTYONE_MONGOD');
});

test('a feature compatibility version that the server does not know is reported likewise', () => {
  const error = 'UPGRADE PROBLEM: Found an invalid featureCompatibilityVersion document (ERROR: ...)';
  const line = `{"s":"F","id":20573,"msg":"Wrong mongod version","attr":{"error":"${error}"}}`;
  expect(errorFor(line, 62).message).toContain(`does not go with\n  - Wrong mongod version: ${error}`);
});

test.each([
  ['No space left on device', 'the disk is full'],
  ['boost::filesystem::status: Permission denied', 'its files may not be read or written'],
  ['WT_PANIC: WiredTiger library panic', 'its files are damaged'],
  ['Address already in use', 'its port is taken'],
])('%s means: %s', (logged, problem) => {
  expect(errorFor(`{"s":"E","msg":"failed","attr":{"error":"${logged}"}}`).message).toContain(problem);
});

test('of any other failure the end of the log is shown', () => {
  const log = 'mongod: error while loading shared libraries: libcrypto.so.1.1: cannot open shared object file\n';
  expect(errorFor(log, 127).message).toContain(`(/usr/bin/mongod) ended with code 127 while starting\n  - ${log.trim()}`);
  expect(errorFor('', null, 'SIGILL').message).toContain('ended by signal SIGILL while starting');
});
