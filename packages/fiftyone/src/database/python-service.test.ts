import { expect, test } from 'vitest';
import { registeredBy, registration } from './python-service.js';

test.each([1, 200, 24172, 4_194_304])('process %i is known again by its registration', (pid) => {
  expect(registeredBy(registration(pid))).toBe(pid);
});

test('the registration of the Python client is understood', () => {
  const recorded = Buffer.from('80049511000000000000008c087265676973746572944d6c5e86942e', 'hex');
  expect(registeredBy(recorded)).toBe(24172);
});

test('half a registration, and any other message, is none', () => {
  expect(registeredBy(registration(200).subarray(0, -1))).toBeUndefined();
  expect(registeredBy(Buffer.from('GET / HTTP/1.1\r\n\r\n'))).toBeUndefined();
});
