import { expect, test } from 'vitest';
import { choiceOf, withVersion } from './choice-flags.js';

test('services may have commas between them', () => {
  expect(choiceOf({ include: ['cas,hub', 'datasets'] }).include).toEqual(['cas', 'hub', 'datasets']);
});

test('a release after the services is the release', () => {
  expect(withVersion(undefined, { exclude: ['cas', 'hub', '2.15.0'] })).toEqual({
    version: '2.15.0',
    choice: { include: [], exclude: ['cas', 'hub'] },
  });
});

test('a release before the services stays the only one', () => {
  expect(withVersion('2.15.0', { include: ['cas', '2.16.0'] }).choice.include).toEqual(['cas', '2.16.0']);
});
