import { describe, expect, test } from 'vitest';
import { AdminRequiredError, IncompatibleError } from '../errors.js';
import { gateConnection, gateDatabase, gateDataset } from './gate.js';

const goes = (to: string) => ({ go: true, to });
const stays = { go: false, why: expect.any(String) };

describe('the database', () => {
  test.each([
    ['an admin takes an older one to the version of the client', '0.14.3', undefined, true, goes('1.22.1')],
    ['an admin takes it down', '1.22.1', '0.18.0', true, goes('0.18.0')],
    ['it is there already', '1.22.1', undefined, true, stays],
    ['it is there already, as asked', '0.18.0', '0.18.0', false, stays],
    ['other spellings of a version are other versions', '1.22.1', '1.22.1.0', true, goes('1.22.1.0')],
    ['one that is newer but compatible stays', '1.99.0', undefined, true, stays],
    ['without admin privileges a compatible one stays', '1.0.0', undefined, false, stays],
  ])('%s', (_, head, target, admin, decision) => {
    expect(gateDatabase(head, target, admin)).toEqual(decision);
  });

  test('an explicit version needs an admin', () => {
    expect(() => gateDatabase('1.22.1', '0.23.0', false)).toThrow(AdminRequiredError);
  });

  test('an incompatible one is refused to others, with the command for the admin', () => {
    expect(() => gateDatabase('0.18.0', undefined, false)).toThrow(IncompatibleError);
    expect(() => gateConnection('0.18.0', 'mongodb://db')).toThrow(
      expect.objectContaining({
        hint: expect.stringContaining('FIFTYONE_DATABASE_ADMIN=true fiftyone migrate --all'),
        exitCode: 10,
      }),
    );
  });

  test.each([
    ['from', '2.0.0', '1.22.1'],
    ['to', '1.22.1', '99.1.0rc2'],
  ])('%s a version newer than the client nobody goes', (_, head, target) => {
    expect(() => gateDatabase(head, target, true)).toThrow(IncompatibleError);
  });
});

describe('a dataset', () => {
  test.each([
    ['goes to the version of the database without an admin', '0.15.1', undefined, '1.22.1', false, goes('1.22.1')],
    ['that is compatible stays for others than admins', '1.0.0', undefined, '1.22.1', false, stays],
    ['goes down to the version of the database when it is named', '1.22.1', '0.18.0', '0.18.0', false, goes('0.18.0')],
    ['goes down with an admin', '1.22.1', undefined, '0.18.0', true, goes('0.18.0')],
    ['without a version is migrated', '0.0', undefined, '1.22.1', false, goes('1.22.1')],
  ])('%s', (_, head, target, database, admin, decision) => {
    expect(gateDataset('a', head, target, database, admin)).toEqual(decision);
  });

  test('to another version than that of the database only an admin takes it', () => {
    expect(() => gateDataset('a', '1.22.1', '0.18.0', '1.22.1', false)).toThrow("dataset 'a' from v1.22.1 to v0.18.0");
  });

  test('of a version newer than the client stays for an admin, and is migrated by nobody', () => {
    expect(gateDataset('a', '1.99.0', undefined, '1.22.1', true)).toEqual(stays);
    expect(() => gateDataset('a', '1.99.0', '1.22.1', '1.22.1', true)).toThrow(IncompatibleError);
  });
});
