import { expect, test } from 'vitest';
import { pageForm } from './page-form.js';

const PIP = 'application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01';
const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';

test.each([
  [undefined, 'text/html; charset=utf-8'],
  ['', 'text/html; charset=utf-8'],
  ['*/*', 'text/html; charset=utf-8'],
  [PIP, 'application/vnd.pypi.simple.v1+json'],
  [BROWSER, 'text/html; charset=utf-8'],
  ['application/vnd.pypi.simple.latest+json', 'application/vnd.pypi.simple.v1+json'],
  ['application/*', 'application/vnd.pypi.simple.v1+json'],
  ['application/vnd.pypi.simple.v1+json;q=0, */*;q=0.5', 'text/html; charset=utf-8'],
  ['APPLICATION/VND.PYPI.SIMPLE.V1+HTML', 'application/vnd.pypi.simple.v1+html; charset=utf-8'],
  ['image/png', undefined],
  ['application/vnd.pypi.simple.v2+json', undefined],
  ['text/html;q=0', undefined],
])('Accept: %s gets %s', (accept, type) => {
  expect(pageForm(accept)?.contentType).toBe(type);
});

test('the form that the address names wins', () => {
  expect(pageForm('text/html', 'application/vnd.pypi.simple.v1+json')?.form).toBe('json');
  expect(pageForm('text/html', 'nonsense')).toBeUndefined();
});
