import { expect, test } from 'vitest';
import { type ConnectedClient, oldestClient, verdictOn } from './clients.js';

const client = (sdk: string | undefined, app = 'fiftyone'): ConnectedClient => ({
  app,
  host: 'h',
  driver: 'd 1',
  sdk,
  connections: 1,
});

test.each([
  ['2.25.1', '1.22.1', 'stays'],
  ['2.14.0', '1.22.1', 'stays'],
  ['0.10.0', '1.22.1', 'refused'],
  ['2.0.0', '1.11.0', 'refused'],
  ['99.0.0', '1.22.1', 'unknown'],
  [undefined, '1.22.1', 'unknown'],
] as const)('an SDK %s, with datasets at %s: %s', (sdk, openSource, verdict) => {
  expect(verdictOn(client(sdk), openSource)).toBe(verdict);
});

test('what is no client of FiftyOne has no say', () => {
  expect(verdictOn(client(undefined, 'mongosh'), '1.22.1')).toBe('other');
});

test('before 1.4.0 a client had to be as new as the database', () => {
  expect([oldestClient('0.24.1'), oldestClient('1.4.0'), oldestClient('1.22.1')]).toEqual(['0.24.1', '1.4.0', '1.4.0']);
});
